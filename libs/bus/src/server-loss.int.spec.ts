import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { SystemClock } from '@countersign/primitives';
import { durableName, guardrailSetRecordSchema, type GuardrailSetRecord } from '@countersign/contracts';
import { testKeys, testNatsCluster, type TestNatsCluster } from '@countersign/testing';
import type { Bus } from './bus.js';
import { DurableConsumer } from './durable-consumer.js';
import { Publisher } from './publisher.js';
import { ReadModel } from './read-model.js';
import { ReadModelWriter } from './read-model-writer.js';
import { StreamReader } from './stream-reader.js';

jest.setTimeout(180_000);

const keys = testKeys();
const clock = new SystemClock();
const guardrailSets = { bundle: keys.bundle, clock, owner: 'guardrails' as const, schema: guardrailSetRecordSchema };
let nats: TestNatsCluster;

beforeAll(async () => {
  nats = await testNatsCluster();
});
afterAll(() => nats.stop());

async function until(holds: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 600; i += 1) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

const succeeds = (attempt: Promise<unknown>): Promise<boolean> =>
  attempt.then(
    () => true,
    () => false,
  );

/** Goes on until the stream takes it, perhaps twice: while leaders are chosen a stream takes nothing. */
const publishAtLast = (publisher: Publisher, subject: string, text: string): Promise<boolean> =>
  until(() => succeeds(publisher.publish(subject, Buffer.from(text))));

async function leads(server: string, consumers: string): Promise<boolean> {
  return (await nats.consumersOf(server)).some((name) => name.startsWith(consumers));
}

/** Opens readers until the consumer of one is led by the server: a consumer without copies is put anywhere. */
async function openOn<T>(server: string, consumers: string, open: () => Promise<T>): Promise<T[]> {
  const opened: T[] = [];
  while (!(await leads(server, consumers))) opened.push(await open());
  return opened;
}

describe('one of three servers is lost for good', () => {
  it('all reading goes on where it was, though consumers are gone with the server', async () => {
    const [[lost = ''] = [], ...staying] = [...nats.urls];
    const alive = staying.map(([, url]) => url);
    const connect = (service: 'dispatcher' | 'guardrails' | 'policy' | 'budget'): Promise<Bus> =>
      nats.connect(service, ...alive);
    const dispatcher = await connect('dispatcher');
    const guardrails = await connect('guardrails');
    const read: { seq: number; text: string }[][] = [];
    const readers = await openOn(lost, 'dispatcher-FLOW', () => {
      const own: { seq: number; text: string }[] = [];
      read.push(own);
      return StreamReader.open({
        bus: dispatcher,
        stream: 'FLOW',
        filters: ['flow.*.vd.policy'],
        startSequence: 1,
        onMessage: ({ seq, data }) => own.push({ seq, text: data.toString() }),
      });
    });
    const models = await openOn(lost, 'dispatcher-KV_CFG_guardrails', () =>
      ReadModel.open<GuardrailSetRecord>({ ...guardrailSets, bus: dispatcher }),
    );
    const handled = new Set<string>();
    const durable = await DurableConsumer.open(await connect('budget'), {
      stream: 'FLOW',
      durable: durableName('budget', 'dec'),
      handle: (batch) => {
        for (const message of batch) {
          handled.add(message.string());
          message.ack();
        }
        return Promise.resolve();
      },
      onError: () => undefined,
    });
    const writer = new ReadModelWriter<GuardrailSetRecord>({
      ...guardrailSets,
      bus: guardrails,
      publisher: new Publisher(guardrails),
      key: keys.keyOf('guardrails'),
    });
    const verdicts = new Publisher(await connect('policy'));
    const decisions = new Publisher(dispatcher);
    const allHave = (text: string): boolean =>
      handled.has(text) && read.every((own) => own.some((message) => message.text === text));
    const allFresh = async (): Promise<boolean> =>
      (await succeeds(writer.tick())) && models.every((model) => model.fresh());

    await publishAtLast(verdicts, 'flow.0.vd.policy', 'before');
    await publishAtLast(decisions, 'flow.0.dec', 'before');
    expect(await until(() => allHave('before'))).toBe(true);
    expect(await until(allFresh)).toBe(true);

    nats.kill(lost);

    await publishAtLast(verdicts, 'flow.0.vd.policy', 'after');
    await publishAtLast(decisions, 'flow.0.dec', 'after');
    expect(await until(() => allHave('after'))).toBe(true);
    expect(await until(allFresh)).toBe(true);
    for (const reader of readers) expect(await until(() => reader.caughtUp().catch(() => false))).toBe(true);
    for (const own of read) {
      const sequences = own.map(({ seq }) => seq);
      expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
    }
    await Promise.all([...readers, ...models, durable].map((open) => open.close()));
  });
});
