import { describe, expect, it } from '@jest/globals';
import { sha256, timeOfUuidV7 } from '@countersign/primitives';
import { PURPOSES, taskEnvelopeSchema } from '@countersign/contracts';
import { anId, aTaskKey, TEST_NOW_MS } from './builders/ids.js';
import { aSubmission, aTaskMessage } from './builders/task.js';
import { FixedClock } from './clock.js';
import { testKeys } from './keys.js';
import { capturedLog } from './logger.js';
import { SeededRandom } from './random.js';

describe('the fixed clock', () => {
  it('moves only when it is moved', () => {
    const clock = new FixedClock('2026-01-01T00:00:00.000Z');
    clock.advance(1_500);
    expect([clock.now(), clock.now()]).toEqual([Date.UTC(2026, 0, 1) + 1_500, Date.UTC(2026, 0, 1) + 1_500]);
  });
});

describe('seeded random bytes', () => {
  it('are the same for the same seed, others for another, and never handed out twice', () => {
    const [a, b, c] = [new SeededRandom(1), new SeededRandom(1), new SeededRandom(2)];
    const first = a.bytes(40);
    expect(b.bytes(40)).toEqual(first);
    expect(c.bytes(40)).not.toEqual(first);
    expect(a.bytes(40)).not.toEqual(first);
  });
});

describe('test keys', () => {
  it('sign what the bundle then accepts from that signer alone', () => {
    const keys = testKeys();
    const hash = sha256('body');
    const { kid, sig } = keys.keyOf('policy').sign(PURPOSES.frame, 'flow.0.vd.policy', hash);
    const at = TEST_NOW_MS;
    const check = (signers: readonly ('policy' | 'budget')[]) =>
      keys.bundle.check(
        { kid: [kid], sig: [sig] },
        { purpose: PURPOSES.frame, subject: 'flow.0.vd.policy', bodyHash: hash, signers, at },
      );
    expect(check(['policy'])).toEqual({ ok: true, kid, service: 'policy' });
    expect(check(['budget'])).toEqual({ ok: false, failure: 'wrong-signer' });
  });
});

describe('builders', () => {
  it('make ids that carry their time and never repeat', () => {
    expect(timeOfUuidV7(anId(1_000))).toBe(1_000);
    expect(new Set(Array.from({ length: 1_000 }, () => anId())).size).toBe(1_000);
  });

  it('make envelopes that the wire accepts', () => {
    const { envelope, key } = aSubmission({ data: { models: ['gpt-5'] } });
    expect(taskEnvelopeSchema.parse(envelope)).toEqual(envelope);
    expect(envelope).toMatchObject({ id: key.task, data: { models: ['gpt-5'] } });
  });

  it('read a message as the stream would be read, so a broken one is broken here too', () => {
    expect(aTaskMessage()).toMatchObject({ attempt: 1, round: 1, envelope: { ok: true } });
    expect(aTaskMessage({ key: aTaskKey(), body: Buffer.from('{') }).envelope.ok).toBe(false);
    expect(aTaskMessage({ streamAt: TEST_NOW_MS + 3_600_000 }).envelope.ok).toBe(false);
  });
});

describe('a captured log', () => {
  it('holds what the real logger wrote', () => {
    const { logger, lines } = capturedLog('policy');
    logger.warn('late', { code: 'VERDICT_LATE' });
    expect(lines).toMatchObject([{ service: 'policy', level: 'warn', msg: 'late', code: 'VERDICT_LATE' }]);
  });
});
