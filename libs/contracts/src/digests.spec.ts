import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isDigest } from '@countersign/primitives';
import { eventIdOf, resultDigest, taskDigest, traceIdOf } from './digests.js';

const uuid = fc.uuid({ version: 7 });
const key = fc.record({ org: uuid, agent: uuid, task: uuid });
const body = fc.uint8Array({ minLength: 1, maxLength: 200 });
const evaluation = fc.record({
  key,
  attempt: fc.integer({ min: 1, max: 99 }),
  round: fc.integer({ min: 1, max: 99 }),
});
const flipped = (bytes: Uint8Array, at: number, bit: number): Uint8Array =>
  bytes.map((byte, i) => (i === at % bytes.length ? byte ^ (1 << bit) : byte));

describe('a digest', () => {
  it('changes with any changed bit of the body', () => {
    fc.assert(
      fc.property(key, body, fc.nat(), fc.integer({ min: 0, max: 7 }), (k, bytes, at, bit) => {
        const [before, after] = [taskDigest(k, bytes), taskDigest(k, flipped(bytes, at, bit))];
        return isDigest(before) && before !== after;
      }),
    );
  });

  it('changes with any byte more or less', () => {
    fc.assert(
      fc.property(
        key,
        body,
        (k, bytes) => taskDigest(k, bytes) !== taskDigest(k, Buffer.concat([bytes, Buffer.of(0)])),
      ),
    );
  });

  it('of the same bytes differs between two organisations, agents, tasks and grants', () => {
    fc.assert(
      fc.property(key, key, body, (a, b, bytes) => {
        fc.pre(a.org !== b.org && a.agent !== b.agent && a.task !== b.task);
        const digests = [a, { ...a, org: b.org }, { ...a, agent: b.agent }, { ...a, task: b.task }].flatMap((k) => [
          taskDigest(k, bytes),
          resultDigest(k, k.task, bytes),
        ]);
        return new Set(digests).size === 8;
      }),
    );
  });

  it('of a task is never one of a result', () => {
    fc.assert(fc.property(key, body, (k, bytes) => taskDigest(k, bytes) !== resultDigest(k, k.task, bytes)));
  });

  it('is of the bytes as they stand: the same JSON written otherwise has another', () => {
    const k = { org: 'o', agent: 'a', task: 't' };
    expect(taskDigest(k, Buffer.from('{"a":1,"b":2}'))).not.toBe(taskDigest(k, Buffer.from('{"b":2,"a":1}')));
  });
});

describe('a trace id', () => {
  it('is 32 hexadecimal digits, the same for an evaluation and another for each round and attempt', () => {
    fc.assert(
      fc.property(evaluation, (e) => {
        const ids = [e, { ...e, round: e.round + 1 }, { ...e, attempt: e.attempt + 1 }].map(traceIdOf);
        return new Set(ids).size === 3 && ids.every((id) => /^[0-9a-f]{32}$/.test(id)) && traceIdOf(e) === ids[0];
      }),
    );
  });

  it('does not run the numbers together: attempt 1 round 21 is not attempt 12 round 1', () => {
    const k = { org: 'o', agent: 'a', task: 't' };
    const ids = [traceIdOf({ key: k, attempt: 1, round: 21 }), traceIdOf({ key: k, attempt: 12, round: 1 })];
    expect(ids[0]).not.toBe(ids[1]);
  });
});

describe('an event id', () => {
  it('is a UUIDv8 that differs by type, by the state moved to, and by round', () => {
    fc.assert(
      fc.property(evaluation, (e) => {
        const ids = [
          eventIdOf(e, 'decided'),
          eventIdOf(e, 'finished'),
          eventIdOf(e, 'moved', 'RELEASING'),
          eventIdOf(e, 'moved', 'CANCELLING'),
          eventIdOf({ ...e, round: e.round + 1 }, 'decided'),
        ];
        const form = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
        return new Set(ids).size === ids.length && ids.every((id) => form.test(id));
      }),
    );
  });
});
