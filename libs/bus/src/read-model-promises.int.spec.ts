import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Clock, formatInstant, sha256, SystemClock, utf8 } from '@countersign/primitives';
import { guardrailSetRecordSchema, PURPOSES, type GuardrailSetRecord } from '@countersign/contracts';
import type { SigningKey } from '@countersign/identity';
import { anId, testKeys, testNats, type TestNats } from '@countersign/testing';
import type { Bus } from './bus.js';
import type { InvalidFrame } from './frame-reader.js';
import { Publisher, signedHeaders } from './publisher.js';
import { ReadModel } from './read-model.js';
import { ReadModelWriter } from './read-model-writer.js';

jest.setTimeout(60_000);

/** The machine's clock, which a test can put forward: stream timestamps are real ones. */
class ShiftedClock extends Clock {
  shiftMs = 0;
  now(): number {
    return Date.now() + this.shiftMs;
  }
}

const keys = testKeys();
const owner = 'guardrails';
const schema = guardrailSetRecordSchema;
let nats: TestNats;
let ownerBus: Bus;
let readerBus: Bus;
let publisher: Publisher;
let clock: ShiftedClock;
let invalid: InvalidFrame[];
let open: ReadModel<GuardrailSetRecord>[];

beforeAll(async () => {
  nats = await testNats();
  [ownerBus, readerBus] = [await nats.connect('guardrails'), await nats.connect('dispatcher')];
  publisher = new Publisher(ownerBus);
});
afterAll(() => nats.stop());
beforeEach(() => {
  [clock, invalid, open] = [new ShiftedClock(), [], []];
});
afterEach(() => Promise.all(open.map((model) => model.close())));

const recordOf = (org: string, version: number): GuardrailSetRecord => ({
  v: 1,
  kind: 'guardrails',
  org,
  version,
  at: '2026-01-01T00:00:00.000Z',
  guardrails: [],
});
const newWriter = (writerClock: Clock = new SystemClock()): ReadModelWriter<GuardrailSetRecord> =>
  new ReadModelWriter({
    bundle: keys.bundle,
    bus: ownerBus,
    publisher,
    key: keys.keyOf(owner),
    clock: writerClock,
    owner,
    schema,
  });
async function newModel(): Promise<ReadModel<GuardrailSetRecord>> {
  const onInvalid = (what: InvalidFrame): void => void invalid.push(what);
  const model = await ReadModel.open({ bus: readerBus, bundle: keys.bundle, clock, owner, schema, onInvalid });
  open.push(model);
  return model;
}
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 1_500 && !holds(); i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(holds()).toBe(true);
}
/** What somebody with the owner's password, but perhaps not its key, can put into its bucket. */
async function plant(key: string, content: object, signer?: SigningKey): Promise<void> {
  const subject = `$KV.CFG_guardrails.${key}`;
  const body = utf8(JSON.stringify(content));
  const headers = signer && signedHeaders(signer.sign(PURPOSES.record, subject, sha256(body)));
  await publisher.publish(subject, body, headers);
}

describe('freshness of a read model', () => {
  it('is lost three seconds after the last tick and comes back with the next', async () => {
    const model = await newModel();
    expect(model.fresh()).toBe(false);
    await newWriter().tick();
    await until(() => model.fresh());
    clock.shiftMs = 3_100;
    expect(model.fresh()).toBe(false);
    await newWriter(clock).tick();
    clock.shiftMs = 0;
    await until(() => model.fresh());
  });

  it('is not had from an old tick found at a start', async () => {
    await newWriter().tick();
    clock.shiftMs = 10_000;
    const model = await newModel();
    await until(() => Number.isFinite(model.stalenessMs()));
    expect(model.fresh()).toBe(false);
  });

  it('is not had from a tick that another service signed, nor from an unsigned one', async () => {
    const model = await newModel();
    clock.shiftMs = 20_000;
    await plant('_tick', { v: 1, at: formatInstant(clock.now()) });
    await plant('_tick', { v: 1, at: formatInstant(clock.now()) }, keys.keyOf('policy'));
    await until(() => invalid.length >= 2);
    expect(invalid.slice(-2).map(({ failure }) => failure)).toEqual(['malformed', 'wrong-signer']);
    expect(model.fresh()).toBe(false);
  });
});

describe('records of a read model', () => {
  it('are never replaced by a version that is not higher, whoever signed it', async () => {
    const model = await newModel();
    const org = anId();
    await newWriter().put(org, recordOf(org, 2));
    await until(() => model.get(org)?.version === 2);
    await plant(org, recordOf(org, 1), keys.keyOf(owner));
    await newWriter().put(org, recordOf(org, 3));
    await until(() => model.get(org)?.version === 3);
  });

  it('are all there again after the reader started anew', async () => {
    const orgs = [anId(), anId(), anId()];
    const writer = newWriter();
    for (const org of orgs) for (const version of [1, 2]) await writer.put(org, recordOf(org, version));
    const first = await newModel();
    await until(() => orgs.every((org) => first.get(org)?.version === 2));
    await first.close();
    const again = await newModel();
    await until(() => orgs.every((org) => again.get(org)?.version === 2));
    const told: string[] = [];
    const end = again.onChange((key, record, previous) => told.push(`${key} ${previous?.version}>${record.version}`));
    await writer.put(orgs[0] ?? '', recordOf(orgs[0] ?? '', 5));
    await until(() => told.length > 0);
    end();
    expect(told).toEqual([`${orgs[0]} 2>5`]);
  });
});

describe('the writer of a read model', () => {
  it('never puts an older version back, though it knew of none', async () => {
    const [quick, slow] = [newWriter(), newWriter()];
    const org = anId();
    await slow.current();
    await quick.put(org, recordOf(org, 5));
    await slow.put(org, recordOf(org, 4));
    expect((await newWriter().current()).get(org)?.version).toBe(5);
    await slow.put(org, recordOf(org, 6));
    await quick.put(org, recordOf(org, 7));
    expect((await newWriter().current()).get(org)?.version).toBe(7);
  });

  it('is not silenced by a record with a high version that somebody planted without the key', async () => {
    const org = anId();
    await newWriter().put(org, recordOf(org, 1));
    const model = await newModel();
    await plant(org, recordOf(org, 1_000_000));
    await plant(org, recordOf(org, 1_000_001), keys.keyOf('policy'));
    await newWriter().put(org, recordOf(org, 2));
    // until the owner's own is there, asking for it throws: the one that was there can no longer be seen
    await until(() => [...model.entries()].some(([key, { version }]) => key === org && version === 2));
  });
});
