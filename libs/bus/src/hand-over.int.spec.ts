import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect, createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Requests } from '@countersign/primitives';
import { deliverySubject } from '@countersign/contracts';
import { obtainNatsServer, startNatsServer, type NatsProcess } from '@countersign/local';
import { anAgent, aTaskKey, testNats, type TestNats } from '@countersign/testing';
import { BodyStore } from './body-store.js';
import { handOver, type HandOverOutcome } from './hand-over.js';
import { Publisher } from './publisher.js';

jest.setTimeout(60_000);

const ROOT = join(import.meta.dirname, '..', '..', '..');
const dir = mkdtempSync(join(tmpdir(), 'countersign-nats-'));
const BODY = Buffer.from('the released bytes');
let server: NatsProcess;
let nc: NatsConnection;
let target: NatsConnection;
let nats: TestNats;

beforeAll(async () => {
  const { path } = await obtainNatsServer({ cacheDir: join(ROOT, '.countersign', 'cache') });
  server = await startNatsServer({ binary: path, configText: 'listen: "127.0.0.1:-1"\n', dir });
  [nc, target] = [await connect({ servers: server.url }), await connect({ servers: server.url })];
  nats = await testNats();
});
afterAll(async () => {
  await Promise.all([nc.close(), target.close()]);
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
  await nats.stop();
});

const over = (connection: NatsConnection): { readonly requests: Requests<Msg, MsgHdrs> } => ({
  requests: new Requests(connection, createInbox()),
});
/** What a hand-over to a target that does this is known to be. */
async function outcomeOf(answer: ((message: Msg) => void) | undefined): Promise<HandOverOutcome> {
  const to = anAgent();
  if (answer !== undefined) target.subscribe(deliverySubject(to), { callback: (_error, message) => answer(message) });
  await target.flush();
  return handOver(over(nc), to, BODY, 'a.grant.token');
}

describe('a hand-over', () => {
  it('is accepted when the target says so, and brings the bytes and the grant', async () => {
    const seen: Msg[] = [];
    const outcome = await outcomeOf((message) => {
      seen.push(message);
      message.respond('{"accepted":true}');
    });
    expect(outcome).toBe('accepted');
    expect(seen.map((message) => [message.string(), message.headers?.values('cs-grant')])).toEqual([
      [BODY.toString(), ['a.grant.token']],
    ]);
  });

  it('is certainly not delivered when nobody is there or the target refuses', async () => {
    expect(await outcomeOf(undefined)).toBe('not-delivered');
    expect(await outcomeOf((message) => message.respond('{"accepted":false,"code":"BUSY"}'))).toBe('not-delivered');
  });

  it('is certainly not delivered to an agent that is not there, in the accounts of an installation', async () => {
    expect(await handOver(await nats.connect('dispatcher'), anAgent(), BODY, 'g')).toBe('not-delivered');
  });

  it('counts as delivered when what the target answers cannot be read: it may have begun', async () => {
    for (const text of ['', 'garbage', '{}', '{"accepted":false}', '{"accepted":"no","code":"X"}'])
      expect(await outcomeOf((message) => message.respond(text))).toBe('accepted');
  });

  it('is unknown when the target stays silent, or the connection is gone', async () => {
    const silent = outcomeOf(() => undefined);
    const closed = await connect({ servers: server.url });
    await closed.close();
    expect(await handOver(over(closed), anAgent(), BODY, 'g')).toBe('unknown');
    expect(await silent).toBe('unknown');
  }, 20_000);
});

describe('transformed bodies', () => {
  it('are written once: a second writing is answered as the first and changes nothing', async () => {
    const guardrails = await nats.connect('guardrails');
    const writer = new BodyStore(guardrails, new Publisher(guardrails));
    const dispatcher = await nats.connect('dispatcher');
    const readers = new BodyStore(dispatcher, new Publisher(dispatcher));
    const address = { key: aTaskKey(), attempt: 1, round: 1, side: 'in' } as const;
    expect(await readers.get(address)).toBeUndefined();
    await writer.put(address, Buffer.from('first'));
    await writer.put(address, Buffer.from('second'));
    expect((await readers.get(address))?.toString()).toBe('first');
    expect(await readers.get({ ...address, side: 'out' })).toBeUndefined();
    expect(await readers.get({ ...address, round: 2 })).toBeUndefined();
  });

  it('cannot be written by another service', async () => {
    const policy = await nats.connect('policy');
    const store = new BodyStore(policy, new Publisher(policy, { timeoutMs: 100 }));
    const address = { key: aTaskKey(), attempt: 1, round: 1, side: 'in' } as const;
    await expect(store.put(address, BODY)).rejects.toMatchObject({ code: 'PUBLISH_TIMEOUT' });
  });
});
