import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { resultDigest, taskDigest } from '@countersign/contracts';
import { BodyStore, Publisher } from '@countersign/bus';
import { aSubmission, anAgent, anId, aTaskKey, testNats, type TestNats } from '@countersign/testing';
import type { TaskRecord } from '../../domain/model.js';
import { StoredBytes } from './stored-bytes.js';
import type { TaskStore } from './task.store.js';

jest.setTimeout(60_000);

let nats: TestNats;
let guardrails: BodyStore;
let stored: StoredBytes;
let sealed: Buffer | undefined;

beforeAll(async () => {
  nats = await testNats();
  const [writer, reader] = [await nats.connect('guardrails'), await nats.connect('dispatcher')];
  guardrails = new BodyStore(writer, new Publisher(writer));
  const store = { body: () => Promise.resolve(sealed) } as unknown as TaskStore;
  stored = new StoredBytes(reader, new Publisher(reader), store);
});
afterAll(() => nats.stop());

const key = aTaskKey({ at: Date.now() });
const target = anAgent();
const grantId = anId();
const text = (what: string): Buffer => Buffer.from(what);
const row = (changes: Partial<TaskRecord>): TaskRecord =>
  ({ key, attempt: 1, round: 1, connection: { id: anId(), ...target }, grantId, ...changes }) as TaskRecord;
const result = (what: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      specversion: '1.0',
      id: key.task,
      source: `agent:${target.org}/${target.agent}`,
      type: 'dev.countersign.result.v1',
      time: '2026-11-25T08:00:00.000Z',
      datacontenttype: 'application/json',
      data: { status: 'completed', attempt: 1, grant: grantId, parts: [{ text: what }], usage: [], tools: [] },
    }),
  );

describe('a task that guardrails changed', () => {
  it('is found under its very round, and only while it is what was released', async () => {
    await guardrails.put({ key, attempt: 1, round: 1, side: 'in' }, text('of round 1'));
    const deliverDigest = taskDigest(key, text('of round 1'));
    expect(await stored.transformedInput(row({ deliverDigest }))).toEqual(text('of round 1'));
    expect(await stored.transformedInput(row({ deliverDigest: taskDigest(key, text('another')) }))).toBeUndefined();
  });

  it.each([
    ['round', { round: 2 }],
    ['attempt', { attempt: 2 }],
  ])('is never the one of another %s: without its own there is none', async (_what, later) => {
    const deliverDigest = taskDigest(key, text('of round 1'));
    expect(await stored.transformedInput(row({ ...later, deliverDigest }))).toBeUndefined();
    await guardrails.put({ key, attempt: 1, round: 1, side: 'in', ...later }, text('its own'));
    expect(await stored.transformedInput(row({ ...later, deliverDigest }))).toBeUndefined();
    const own = taskDigest(key, text('its own'));
    expect(await stored.transformedInput(row({ ...later, deliverDigest: own }))).toEqual(text('its own'));
  });
});

describe('a result that guardrails changed', () => {
  it('is taken when it hashes to what was signed and is a result', async () => {
    const body = result('changed');
    await guardrails.put({ key, attempt: 1, round: 1, side: 'out' }, body);
    expect(await stored.transformedOutput(row({}), resultDigest(target, grantId, body))).toEqual(body);
    expect(await stored.transformedOutput(row({}), resultDigest(target, anId(), body))).toBeUndefined();
    expect(await stored.transformedOutput(row({ attempt: 2 }), resultDigest(target, grantId, body))).toBeUndefined();
  });

  it('is none when it is no result any more', async () => {
    const body = text('[content removed by policy]');
    await guardrails.put({ key, attempt: 1, round: 9, side: 'out' }, body);
    const digest = resultDigest(target, grantId, body);
    expect(await stored.transformedOutput(row({ round: 9 }), digest)).toBeUndefined();
  });
});

describe('the original bytes for a further attempt', () => {
  it('are those that were judged, or none', async () => {
    const { body, digest } = aSubmission({ key });
    sealed = body;
    expect(await stored.input(row({ digest }))).toEqual(body);
    sealed = text('other bytes');
    expect(await stored.input(row({ digest }))).toBeUndefined();
    sealed = undefined;
    expect(await stored.input(row({ digest, seq: 12_345 }))).toBeUndefined();
  });
});
