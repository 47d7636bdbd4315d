import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { utf8 } from '@countersign/primitives';
import {
  checkRequestSchema,
  taskEnvelopeSchema,
  usageReportSchema,
  type CredentialFile,
  type GrantClaims,
} from '@countersign/contracts';
import { signReply } from '@countersign/identity';
import { signedHeaders } from '@countersign/bus';
import { obtainNatsServer, startNatsServer, type NatsProcess } from '@countersign/local';
import { anAgent, anId, testKeys } from '@countersign/testing';
import { Agent } from './agent.js';

jest.setTimeout(60_000);

const ROOT = join(import.meta.dirname, '..', '..', '..');
const dir = mkdtempSync(join(tmpdir(), 'countersign-nats-'));
const keys = testKeys();
const me = anAgent();
const TASK = { target: anId(), taskType: 'chat', text: 'hello' };
let server: NatsProcess;
let dispatcher: NatsConnection;
let agent: Agent;
let untrusted: string[];
let answer: (message: Msg) => object | undefined;

beforeAll(async () => {
  const { path } = await obtainNatsServer({ cacheDir: join(ROOT, '.countersign', 'cache') });
  server = await startNatsServer({ binary: path, configText: 'listen: "127.0.0.1:-1"\n', dir });
  dispatcher = await connect({ servers: server.url });
  for (const subject of ['agt.*.*.check.*', 'agt.*.*.usage.*', 'agt.*.*.status.*'])
    dispatcher.subscribe(subject, { callback: (_error, message) => reply(message) });
});
afterAll(async () => {
  await dispatcher.close();
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  untrusted = [];
  agent = await Agent.connect(credential(server.url), { onUntrusted: ({ failure }) => untrusted.push(failure) });
});
afterEach(() => agent.close());

const credential = (url: string): CredentialFile => ({
  ...me,
  nats: [url],
  name: 'me',
  clientId: 'c',
  clientSecret: 's',
  inboxPrefix: `_INBOX_${me.agent}`,
  installationKey: keys.installationKey,
  trustBundle: keys.bundleFile,
});

/** Answers as the dispatcher does, signed over the question; undefined answers unsigned. */
function reply(message: Msg): void {
  const said = answer(message);
  const bytes = utf8(JSON.stringify(said ?? { decision: 'RELEASE', codes: [] }));
  if (said === undefined) return void message.respond(bytes);
  const signature = signReply(keys.keyOf('dispatcher'), {
    subject: message.subject,
    request: Buffer.from(message.data),
    reply: bytes,
  });
  message.respond(bytes, { headers: signedHeaders(signature) });
}
const grant = (jti = anId()) => ({ grant: { jti } as GrantClaims });
const USAGE = [{ model: 'm', inputTokens: 1, outputTokens: 1 }];

describe('a check', () => {
  it('sends the bytes that would be submitted, under their own id, and answers what was signed', async () => {
    answer = ({ subject, data }) => {
      const { envelope } = checkRequestSchema.parse(JSON.parse(Buffer.from(data).toString('utf8')));
      const { id } = taskEnvelopeSchema.parse(JSON.parse(Buffer.from(envelope, 'base64').toString('utf8')));
      const same = subject === `agt.${me.org}.${me.agent}.check.${id}`;
      return { decision: same ? 'HOLD' : 'DENY', code: 'APPROVAL_PENDING', codes: [] };
    };
    expect(await agent.check(TASK)).toMatchObject({ decision: 'HOLD', code: 'APPROVAL_PENDING' });
  });

  it('believes no answer that the dispatcher did not sign', async () => {
    answer = () => undefined;
    await expect(agent.check(TASK)).rejects.toMatchObject({ code: 'TEMPORARILY_UNAVAILABLE', retry: 'later' });
    expect(untrusted).toHaveLength(1);
  });

  it('names what is wrong with the task before anything is sent', async () => {
    await expect(agent.check({ ...TASK, taskType: '' })).rejects.toMatchObject({
      code: 'ENVELOPE_INVALID',
      retry: 'no',
    });
  });
});

describe('a usage report', () => {
  it('is sent again as the same report when its answer does not count', async () => {
    const reports: string[] = [];
    answer = ({ data }) => {
      reports.push(usageReportSchema.parse(JSON.parse(Buffer.from(data).toString('utf8'))).report);
      return reports.length === 1 ? undefined : { ok: true };
    };
    await agent.reportUsage(grant(), USAGE, { tools: ['search'] });
    expect(reports).toHaveLength(2);
    expect(reports[0]).toBe(reports[1]);
  });

  it.each([
    ['TASK_NOT_FOUND', 'no'],
    ['TEMPORARILY_UNAVAILABLE', 'later'],
  ] as const)('that is refused with %s says so, and whether to try again: %s', async (code, retry) => {
    answer = () => ({ ok: false, code, message: 'because' });
    await expect(agent.reportUsage(grant(), USAGE)).rejects.toMatchObject({ code, retry, message: 'because' });
  });
});

describe('an agent that asks too much', () => {
  const refusal = { ok: false, code: 'INTAKE_LIMITED', message: 'too much', retryAfterMs: 1_500 };

  it.each([
    ['a check', () => agent.check(TASK)],
    ['a report', () => agent.reportUsage(grant(), USAGE)],
    ['a question for state', () => agent.status(anId())],
  ])('is told so whatever it asked, and when to come back, and does not ask again at once: %s', async (_what, ask) => {
    let asked = 0;
    answer = () => {
      asked += 1;
      return refusal;
    };
    await expect(ask()).rejects.toMatchObject({
      ...{ name: 'AgentRequestFailed', code: 'INTAKE_LIMITED', message: 'too much' },
      ...{ retry: 'later', retryAfterMs: 1_500 },
    });
    expect(asked).toBe(1);
  });
});

describe('closing', () => {
  it('an agent that was cut does not wait until it is let in again', async () => {
    const { path } = await obtainNatsServer({ cacheDir: join(ROOT, '.countersign', 'cache') });
    const text = 'listen: "127.0.0.1:-1"\n';
    const gone = await startNatsServer({ binary: path, configText: text, dir: mkdtempSync(join(dir, 'gone-')) });
    const cut = await Agent.connect(credential(gone.url));
    await gone.stop();
    let knocks = 0;
    const door = createServer((socket) => {
      knocks += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => door.listen(Number(new URL(gone.url).port), '127.0.0.1', resolve));
    await cut.close();
    // one that waits knocks again and again
    expect(knocks).toBeLessThanOrEqual(1);
    await new Promise((resolve) => door.close(resolve));
  });

  it('twice is once', async () => {
    expect(agent.close()).toBe(agent.close());
    await agent.close();
  });
});
