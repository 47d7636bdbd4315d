import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { formatInstant, sha256, utf8, type Clock } from '@countersign/primitives';
import { guardrailSetRecordSchema, PURPOSES, readModelSubject, type GuardrailSetRecord } from '@countersign/contracts';
import { testKeys, testNats, type TestNats } from '@countersign/testing';
import { Publisher, signedHeaders } from './publisher.js';
import { ReadModel } from './read-model.js';
import { ReadModelWriter } from './read-model-writer.js';

jest.setTimeout(60_000);

const keys = testKeys();
const real: Clock = { now: () => Date.now() };
let nats: TestNats;

beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.stop());

const options = { bundle: keys.bundle, owner: 'guardrails' as const, schema: guardrailSetRecordSchema };
const orgs = Array.from({ length: 3 }, (_, i) => `01900000-0000-7000-8000-${String(i).padStart(12, '0')}`);

function record(org: string, version: number): GuardrailSetRecord {
  return { v: 1, kind: 'guardrails', org, version, at: '2026-01-01T00:00:00.000Z', guardrails: [] };
}

async function writerAt(clock: Clock): Promise<ReadModelWriter<GuardrailSetRecord>> {
  const bus = await nats.connect('guardrails');
  return new ReadModelWriter({
    ...options,
    clock,
    bus,
    publisher: new Publisher(bus),
    key: keys.keyOf('guardrails'),
  });
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !holds(); i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
}

it('a tick that is played again proves nothing: it is as old as it says', async () => {
  const failures: string[] = [];
  const reader = await ReadModel.open<GuardrailSetRecord>({
    ...options,
    clock: real,
    bus: await nats.connect('dispatcher'),
    onInvalid: ({ failure }) => void failures.push(failure),
  });
  await (await writerAt({ now: () => Date.now() - 10_000 })).tick();
  await until(() => failures.length > 0);
  expect([failures, reader.fresh()]).toEqual([['replayed'], false]);
  await (await writerAt(real)).tick();
  await until(() => reader.fresh());
  expect(reader.fresh()).toBe(true);
  await reader.close();
});

it.each([
  ['one that knew the bucket', true],
  ['one that has just started', false],
])('what the owner did not sign keeps back no record of %s, however high a version it claims', async (_which, knew) => {
  const [org = ''] = knew ? orgs : orgs.slice(1);
  const reader = await ReadModel.open<GuardrailSetRecord>({
    ...options,
    clock: real,
    bus: await nats.connect('dispatcher'),
  });
  const first = await writerAt(real);
  await first.put(org, record(org, 1));
  const thief = await nats.connect('guardrails');
  await new Publisher(thief).publish(readModelSubject('guardrails', org), utf8(JSON.stringify(record(org, 1_000_000))));
  const writer = knew ? first : await writerAt(real);
  expect((await writer.current(true)).get(org)?.version ?? 0).toBe(0);
  await writer.put(org, record(org, 2));
  await until(() => reader.get(org)?.version === 2);
  expect(reader.get(org)?.version).toBe(2);
  await reader.close();
});

it('a record that was in force before comes back for nobody, signature and all, and the owner puts its own again', async () => {
  const [, , org = ''] = orgs;
  const subject = readModelSubject('guardrails', org);
  const thief = await nats.connect('guardrails');
  // as it was put ten seconds ago
  await (await writerAt({ now: () => Date.now() - 10_000 })).put(org, record(org, 1)).catch(() => undefined);
  const reader = await ReadModel.open<GuardrailSetRecord>({
    ...options,
    clock: real,
    bus: await nats.connect('dispatcher'),
  });
  await (await writerAt(real)).tick();
  await until(() => reader.fresh());
  expect(() => reader.get(org)).toThrow(org);
  expect(reader.get('another')).toBeUndefined();
  const { state } = await thief.jsm.streams.info('KV_CFG_guardrails', { subjects_filter: subject });
  expect(state.subjects).toEqual({ [subject]: 1 });
  const writer = await writerAt(real);
  expect((await writer.current()).get(org)?.version).toBe(0);
  await writer.put(org, record(org, 1));
  await until(() => [...reader.entries()].some(([key]) => key === org));
  expect(reader.get(org)?.version).toBe(1);
  await reader.close();
});

describe('an owner that is a release ahead', () => {
  const org = '01900000-0000-7000-8000-000000000099';

  /** Puts anything, signed as the owner signs, and ticks; the reader has read it when it hears the tick. */
  async function readerAfter(key: string, content: object): Promise<ReadModel<GuardrailSetRecord>> {
    const owner = await nats.connect('guardrails');
    const subject = readModelSubject('guardrails', key);
    const body = utf8(JSON.stringify({ ...content, putAt: formatInstant(Date.now()) }));
    const signature = keys.keyOf('guardrails').sign(PURPOSES.record, subject, sha256(body));
    await new Publisher(owner).publish(subject, body, signedHeaders(signature));
    const bus = await nats.connect('dispatcher');
    const reader = await ReadModel.open<GuardrailSetRecord>({ ...options, clock: real, bus });
    await (await writerAt(real)).tick();
    await until(() => reader.stalenessMs() < 3_000);
    return reader;
  }

  it('is read without fields that are not known, and past a record of a new kind that it calls optional', async () => {
    await (await readerAfter('badge.1', { v: 2, kind: 'badge', optional: true, level: 'gold' })).close();
    const reader = await readerAfter(org, { ...record(org, 3), hint: 'a field more' });
    expect([reader.fresh(), reader.get(org), reader.get('badge.1')]).toEqual([true, record(org, 3), undefined]);
    await reader.close();
  });

  it.each([
    ['a field that has to be understood', org, { ...record(org, 4), crit: ['onlyIn'], onlyIn: ['eu'] }],
    ['a record of a kind that may forbid something', 'ban.1', { ...record(org, 1), kind: 'ban' }],
  ])(
    'decides nothing by %s: the read model is not fresh until the owner takes it back',
    async (_what, key, content) => {
      const reader = await readerAfter(key, content);
      expect(reader.fresh()).toBe(false);
      await reader.close();
      const again = await readerAfter(key, key === org ? record(org, 5) : { kind: 'ban', optional: true });
      await until(() => again.fresh());
      expect(again.fresh()).toBe(true);
      await again.close();
    },
  );
});
