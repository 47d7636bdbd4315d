import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { connect, createInbox, headers, type NatsConnection } from '@nats-io/transport-node';
import { Requests, SystemClock, SystemRandom } from '@countersign/primitives';
import { deliverySubject, type CredentialFile, type GrantClaims } from '@countersign/contracts';
import { issueGrant } from '@countersign/identity';
import { obtainNatsServer, startNatsServer, type NatsProcess } from '@countersign/local';
import { anAgent, anId, aSubmission, aTaskKey, testKeys } from '@countersign/testing';
import type { Link } from './link.js';
import { Serving, type ServeOptions, type TaskHandler } from './serving.js';
import { TrustStore } from './trust-store.js';

jest.setTimeout(60_000);

const ROOT = join(import.meta.dirname, '..', '..', '..');
const dir = mkdtempSync(join(tmpdir(), 'countersign-nats-'));
const keys = testKeys();
const clock = new SystemClock();
const me = anAgent();
let server: NatsProcess;
let dispatcher: NatsConnection;
let nc: NatsConnection;
let serving: Serving;
let untrusted: string[];
let ran: string[];

beforeAll(async () => {
  const { path } = await obtainNatsServer({ cacheDir: join(ROOT, '.countersign', 'cache') });
  server = await startNatsServer({ binary: path, configText: 'listen: "127.0.0.1:-1"\n', dir });
  dispatcher = await connect({ servers: server.url });
  dispatcher.subscribe('agt.*.*.result.*', {
    callback: (_error, message) => void message.respond('{"stream":"RES","seq":1}'),
  });
});
afterAll(async () => {
  await dispatcher.close();
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  [untrusted, ran] = [[], []];
  nc = await connect({ servers: server.url });
});
afterEach(async () => {
  await serving.stop();
  await nc.close();
});

async function serve(handler: TaskHandler, options: ServeOptions = {}): Promise<void> {
  const credential = { ...me, installationKey: keys.installationKey, trustBundle: keys.bundleFile } as CredentialFile;
  const link: Link = {
    nc,
    requests: new Requests(nc, createInbox()),
    credential,
    trust: new TrustStore(credential),
    clock,
    random: new SystemRandom(),
    onUntrusted: ({ failure }) => untrusted.push(failure),
  };
  serving = new Serving(link, handler, options);
  await nc.flush();
}
const recording: TaskHandler = ({ envelope }) => (ran.push(envelope.id), { parts: [{ text: 'done' }] });

/** A task with a grant for it, as the dispatcher hands it over. */
async function aGrantedTask(
  changes: Partial<GrantClaims> = {},
): Promise<{ readonly body: Buffer; readonly token: string }> {
  const { key, body, digest } = aSubmission({ key: aTaskKey({ at: Date.now() }) });
  const now = Math.floor(Date.now() / 1000);
  const token = issueGrant(keys.keyOf('dispatcher'), {
    aud: me.agent,
    sub: key.agent,
    jti: anId(),
    iat: now,
    exp: now + 900,
    org: key.org,
    targetOrg: me.org,
    task: key.task,
    attempt: 1,
    connection: anId(),
    root: key.task,
    path: [key.agent, me.agent],
    onBehalfOf: { orgId: key.org, userId: null },
    digest,
    models: null,
    tools: null,
    dataStores: null,
    dataClasses: null,
    taskTypes: null,
    maxCostMicros: null,
    notAfter: new Date((now + 900) * 1000).toISOString(),
    hopsLeft: 3,
    ...changes,
  });
  return { body, token };
}
async function handOver(body: Uint8Array, ...tokens: readonly string[]): Promise<unknown> {
  const set = headers();
  for (const token of tokens) set.append('cs-grant', token);
  return (await dispatcher.request(deliverySubject(me), body, { headers: set, timeout: 10_000 })).json();
}
const refused = (code: string): object => ({ accepted: false, code });

describe('an agent that serves', () => {
  it('runs a task with a grant for it, once', async () => {
    await serve(recording);
    const { body, token } = await aGrantedTask();
    expect(await handOver(body, token)).toEqual({ accepted: true });
    expect(await handOver(body, token)).toEqual(refused('GRANT_TOKEN_INVALID'));
    expect(ran).toHaveLength(1);
  });

  it('runs nothing without a grant, with two, with one for another agent or other bytes, or with one that is over', async () => {
    await serve(recording);
    const [one, other] = [await aGrantedTask(), await aGrantedTask()];
    const elsewhere = await aGrantedTask({ aud: anId() });
    const over = await aGrantedTask({ exp: Math.floor(Date.now() / 1000) - 1 });
    const invalid = refused('GRANT_TOKEN_INVALID');
    expect(await handOver(one.body)).toEqual(invalid);
    expect(await handOver(one.body, one.token, one.token)).toEqual(invalid);
    expect(await handOver(Buffer.from('garbage'), one.token)).toEqual(invalid);
    expect(await handOver(one.body, other.token)).toEqual(invalid);
    expect(await handOver(Buffer.concat([one.body, Buffer.from(' ')]), one.token)).toEqual(invalid);
    expect(await handOver(elsewhere.body, elsewhere.token)).toEqual(refused('AUDIENCE_MISMATCH'));
    expect(await handOver(over.body, over.token)).toEqual(refused('GRANT_EXPIRED'));
    expect(ran).toEqual([]);
    expect(untrusted).toHaveLength(7);
  });

  it('takes no more than may wait, and refuses the rest as certainly not taken', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await serve(async (task) => (await held, recording(task)), { concurrency: 1, maxWaiting: 1 });
    const tasks = await Promise.all([aGrantedTask(), aGrantedTask(), aGrantedTask()]);
    const replies: unknown[] = [];
    for (const { body, token } of tasks) replies.push(await handOver(body, token));
    expect(replies).toEqual([{ accepted: true }, { accepted: true }, refused('BUSY')]);
    release();
    await serving.stop();
    expect(ran).toHaveLength(2);
  });

  it('finishes on stopping what it was still looking at: a task that it accepted is done', async () => {
    await serve(recording);
    const { body, token } = await aGrantedTask();
    const reply = handOver(body, token);
    // the hand-over is here, and its grant is being verified
    while (nc.stats().inMsgs === 0) await new Promise((resolve) => setImmediate(resolve));
    await serving.stop();
    await nc.drain();
    expect(await reply).toEqual({ accepted: true });
    expect(ran).toHaveLength(1);
  });

  it('answers on stopping every hand-over that had found it: to the dispatcher silence means that the task runs', async () => {
    await serve(recording, { concurrency: 200 });
    const tasks = await Promise.all(Array.from({ length: 60 }, () => aGrantedTask()));
    const replies = tasks.map(({ body, token }) =>
      handOver(body, token).catch((error: unknown) => (error as { isNoResponders?: () => boolean }).isNoResponders?.()),
    );
    // some have arrived, some are on their way, some find nobody any more
    while (nc.stats().inMsgs === 0) await new Promise((resolve) => setImmediate(resolve));
    await serving.stop();
    const ends = await Promise.all(replies);
    const accepted = ends.filter((end) => typeof end === 'object');
    expect(ends.filter((end) => typeof end !== 'object' && end !== true)).toEqual([]);
    expect(ran).toHaveLength(accepted.length);
  });
});
