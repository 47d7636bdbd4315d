import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { INTAKE_PENALTY_MS, INTAKE_WINDOW_MS, IntakeQuota } from './intake-quota.js';

const burst = (quota: IntakeQuota, count: number, at: number, agent = 'a') =>
  Array.from({ length: count }, () => quota.take(agent, at));

describe('the intake quota', () => {
  it('takes 100 in 10 s and refuses the next for 60 s', () => {
    const quota = new IntakeQuota(100);
    expect(burst(quota, 100, 0).every(({ kind }) => kind === 'taken')).toBe(true);
    expect(quota.take('a', 1)).toEqual({ kind: 'limited', until: 1 + INTAKE_PENALTY_MS, began: true, flood: false });
    expect(quota.take('a', 60_000)).toMatchObject({ kind: 'limited', began: false });
    expect(quota.take('a', 60_001)).toEqual({ kind: 'taken' });
  });

  it('slides: a submission 10 s ago counts no more', () => {
    const quota = new IntakeQuota(100);
    burst(quota, 100, 0);
    expect(quota.take('a', INTAKE_WINDOW_MS)).toEqual({ kind: 'taken' });
  });

  it('goes on refusing whoever goes on over the quota, and counts what it refuses', () => {
    const quota = new IntakeQuota(10);
    burst(quota, 11, 0);
    const last = burst(quota, 11, 50_000).at(-1);
    expect(last).toMatchObject({ kind: 'limited', until: 50_000 + INTAKE_PENALTY_MS });
  });

  it('is each agent by itself', () => {
    const quota = new IntakeQuota(10);
    burst(quota, 11, 0);
    expect(quota.take('b', 0)).toEqual({ kind: 'taken' });
  });

  it('calls more than ten times as many a flood, once', () => {
    const quota = new IntakeQuota(10);
    const floods = burst(quota, 150, 0).flatMap((intake, i) => (intake.kind === 'limited' && intake.flood ? [i] : []));
    expect(floods).toEqual([100]);
  });

  it('remembers from an earlier count who was refused, for as long as that could be', () => {
    const quota = new IntakeQuota(10);
    quota.restore('a', { from: 3_000, to: 5_000 });
    expect(quota.take('a', 2_999)).toEqual({ kind: 'taken' });
    expect(quota.take('a', 64_999)).toMatchObject({ kind: 'limited', until: 65_000 });
    expect(quota.take('a', 65_000)).toEqual({ kind: 'taken' });
    expect(quota.limitedUntil('a', 65_000)).toBeUndefined();
  });

  it('forgets who is quiet', () => {
    const quota = new IntakeQuota(10);
    quota.take('a', 0);
    burst(quota, 11, 0, 'b');
    quota.sweep(INTAKE_WINDOW_MS);
    expect(quota.size).toBe(1);
    quota.sweep(INTAKE_PENALTY_MS);
    expect(quota.size).toBe(0);
  });

  it('never takes more than the quota in any 10 s, and says the same to whoever reads the same log', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 4_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(gaps, (steps) => {
        const [one, other] = [new IntakeQuota(5), new IntakeQuota(5)];
        let at = 0;
        const taken: number[] = [];
        for (const step of steps) {
          at += step;
          const intake = one.take('a', at);
          expect(other.take('a', at)).toEqual(intake);
          other.sweep(at);
          if (intake.kind === 'taken') taken.push(at);
        }
        for (const time of taken)
          expect(taken.filter((t) => t > time - INTAKE_WINDOW_MS && t <= time).length).toBeLessThanOrEqual(5);
      }),
    );
  });
});
