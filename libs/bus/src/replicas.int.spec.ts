import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SystemClock } from '@countersign/primitives';
import { guardrailSetRecordSchema, type GuardrailSetRecord } from '@countersign/contracts';
import { testKeys, testNats, type TestNats } from '@countersign/testing';
import { z } from 'zod';
import { Publisher } from './publisher.js';
import { ReadModel } from './read-model.js';
import { ReadModelWriter } from './read-model-writer.js';
import { StreamReader } from './stream-reader.js';

const RECORDS = 40;
const keys = testKeys();
const clock = new SystemClock();
let nats: TestNats;

beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.stop());

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !holds(); i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
}

it('two replicas of a service each read the whole read model', async () => {
  const options = { bundle: keys.bundle, clock, owner: 'guardrails' as const, schema: guardrailSetRecordSchema };
  const models = await Promise.all(
    [1, 2].map(async () => ReadModel.open<GuardrailSetRecord>({ ...options, bus: await nats.connect('dispatcher') })),
  );
  const bus = await nats.connect('guardrails');
  const writer = new ReadModelWriter<GuardrailSetRecord>({
    ...options,
    bus,
    publisher: new Publisher(bus),
    key: keys.keyOf('guardrails'),
  });
  const orgs = Array.from({ length: RECORDS }, (_, i) => `01900000-0000-7000-8000-${String(i).padStart(12, '0')}`);
  for (const org of orgs)
    await writer.put(org, {
      v: 1,
      kind: 'guardrails',
      org,
      version: 1,
      at: '2026-01-01T00:00:00.000Z',
      guardrails: [],
    });
  await until(() => models.every((model) => [...model.entries()].length === RECORDS));
  expect(models.map((model) => [...model.entries()].length)).toEqual([RECORDS, RECORDS]);
  await Promise.all(models.map((model) => model.close()));
});

it('two replicas of a service each read every message of a log', async () => {
  const seen = [0, 0];
  const readers = await Promise.all(
    seen.map(async (_, i) =>
      StreamReader.open({
        bus: await nats.connect('dispatcher'),
        stream: 'FLOW',
        filters: ['flow.*.vd.policy'],
        startSequence: 1,
        onMessage: () => (seen[i] = (seen[i] ?? 0) + 1),
      }),
    ),
  );
  const publisher = new Publisher(await nats.connect('policy'));
  for (let i = 0; i < RECORDS; i += 1) await publisher.publish('flow.0.vd.policy', Buffer.from('{}'));
  await until(() => seen.every((count) => count === RECORDS));
  expect(seen).toEqual([RECORDS, RECORDS]);
  await Promise.all(readers.map((reader) => reader.close()));
});

it('a record that its owner signed and nobody can read makes the model stale until it is replaced', async () => {
  const options = { bundle: keys.bundle, clock, owner: 'guardrails' as const, schema: guardrailSetRecordSchema };
  const model = await ReadModel.open<GuardrailSetRecord>({ ...options, bus: await nats.connect('dispatcher') });
  const bus = await nats.connect('guardrails');
  const parts = { ...options, bus, publisher: new Publisher(bus), key: keys.keyOf('guardrails') };
  const org = '01900000-0000-7000-8000-00000000ffff';
  const newer = new ReadModelWriter<{ readonly version: number }>({
    ...parts,
    schema: z.looseObject({ version: z.number() }),
  });
  await newer.tick();
  await until(() => model.fresh());
  expect(model.fresh()).toBe(true);
  await newer.put(org, { version: 1, shape: 'of a later release' } as { readonly version: number });
  await until(() => !model.fresh());
  expect(model.fresh()).toBe(false);
  const writer = new ReadModelWriter<GuardrailSetRecord>(parts);
  const at = '2026-01-01T00:00:00.000Z';
  await writer.put(org, { v: 1, kind: 'guardrails', org, version: 2, at, guardrails: [] });
  await until(() => model.fresh());
  expect(model.fresh()).toBe(true);
  await model.close();
});
