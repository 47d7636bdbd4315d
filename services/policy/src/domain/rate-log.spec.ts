import { describe, expect, it } from '@jest/globals';
import { anId, aTaskKey } from '@countersign/testing';
import fc from 'fast-check';
import { RateLogs, ruleText, type RateLog, type RateRule } from './rate-log.js';

const SCOPE = { org: anId(), kind: 'connection', id: anId() } as const;
const PERIOD_MS = 60_000;

/** One log as the database keeps it: only what is written, and without what is deleted. */
class KeptLog {
  #log: RateLog = { seq: 0n, lastAt: 0n, slots: new Map() };

  /** Asks for some admissions at once; answers for each whether it was given. */
  ask(atMs: number, limit: number, count: number): readonly boolean[] {
    const rule: RateRule = { scope: SCOPE, level: 'connection', rule: 'minute', limit, periodMs: PERIOD_MS };
    const logs = new RateLogs(BigInt(atMs) * 1_000n, new Map([[ruleText(rule), this.#log]]), new Set());
    const given = Array.from({ length: count }, () => logs.admit({ key: aTaskKey(), attempt: 1, rules: [rule] }));
    for (const { seq, lastAt, slots, below, oldAt } of logs.additions) {
      const kept = [...this.#log.slots, ...slots.map(({ n, at }) => [n, at] as const)];
      this.#log = { seq, lastAt, slots: new Map(kept.filter(([n, at]) => n >= below || at > oldAt)) };
    }
    return given.map(({ kind }) => kind === 'admitted');
  }

  get size(): number {
    return this.#log.slots.size;
  }
}

const steps = fc.array(
  fc.record({
    wait: fc.integer({ min: 0, max: 40_000 }),
    limit: fc.integer({ min: 0, max: 6 }),
    count: fc.integer({ min: 1, max: 4 }),
  }),
  { minLength: 1, maxLength: 60 },
);

describe('a log of admissions', () => {
  it('gives one exactly when fewer than the limit are younger than the period, however the limit changes', () => {
    fc.assert(
      fc.property(steps, (asked) => {
        const log = new KeptLog();
        const admitted: number[] = [];
        let now = 1_000_000;
        for (const { wait, limit, count } of asked) {
          now += wait;
          for (const given of log.ask(now, limit, count)) {
            const young = admitted.filter((at) => at > now - PERIOD_MS).length;
            expect(given).toBe(young < limit);
            if (given) admitted.push(now);
          }
        }
      }),
      { numRuns: 500, seed: 2026 },
    );
  });

  it('keeps no more than what is younger than the period or the limit can ask about', () => {
    const log = new KeptLog();
    for (let second = 0; second < 1_000; second += 20) log.ask(second * 1_000, 3, 1);
    expect(log.size).toBe(3);
  });

  it('counts an attempt at all of its rules or at none, and once', () => {
    const rule = (name: string, limit: number): RateRule => ({
      scope: SCOPE,
      level: 'connection',
      rule: name,
      limit,
      periodMs: PERIOD_MS,
    });
    const logs = new RateLogs(0n, new Map(), new Set());
    const request = (limit: number) => ({
      key: aTaskKey(),
      attempt: 1,
      rules: [rule('hour', 5), rule('minute', limit)],
    });
    const first = request(1);
    expect(logs.admit(first).kind).toBe('admitted');
    expect(logs.admit(first).kind).toBe('admitted');
    expect(logs.admit(request(1)).kind).toBe('limited');
    expect(logs.additions.map(({ rule: { rule: name }, seq }) => [name, seq])).toEqual([
      ['hour', 1n],
      ['minute', 1n],
    ]);
    expect(logs.taken).toHaveLength(1);
  });
});
