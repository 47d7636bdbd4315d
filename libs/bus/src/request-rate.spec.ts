import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RequestRate } from './request-rate.js';

const PERIOD = 10_000;

function rateOf(limit: number): { readonly rate: RequestRate; readonly clock: { now: number } } {
  const clock = { now: 0 };
  return { rate: new RequestRate({ limit, periodMs: PERIOD }, () => clock.now), clock };
}
const taken = (rate: RequestRate, tries: number, caller = 'a'): number =>
  Array.from({ length: tries }, () => rate.take(caller)).filter((wait) => wait === 0).length;

describe('the rate of requests', () => {
  it('takes as many at once as its limit, and not one more', () => {
    const { rate } = rateOf(100);
    expect(taken(rate, 100)).toBe(100);
    expect(rate.take('a')).toBe(100);
  });

  it('takes the next one exactly when it said', () => {
    const { rate, clock } = rateOf(100);
    taken(rate, 101);
    clock.now = 99;
    expect(rate.take('a')).toBe(1);
    clock.now = 100;
    expect([rate.take('a'), rate.take('a')]).toEqual([0, 100]);
  });

  it('does not count what it refuses: whoever goes on asking gets through as often as whoever waits', () => {
    const { rate, clock } = rateOf(100);
    taken(rate, 5_000);
    clock.now = PERIOD;
    expect(taken(rate, 5_000)).toBe(100);
  });

  it('is each caller by itself', () => {
    const { rate } = rateOf(10);
    taken(rate, 50);
    expect(taken(rate, 50, 'b')).toBe(10);
  });

  it('forgets who is quiet', () => {
    const { rate, clock } = rateOf(10);
    for (const caller of ['a', 'b', 'c']) taken(rate, 20, caller);
    expect(rate.size).toBe(3);
    clock.now = PERIOD + 1;
    rate.take('d');
    expect(rate.size).toBe(1);
  });

  it('takes no more in any time than its limit and what that time brings', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 4_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(gaps, (steps) => {
        const { rate, clock } = rateOf(5);
        const times: number[] = [];
        for (const step of steps) {
          clock.now += step;
          if (rate.take('a') === 0) times.push(clock.now);
        }
        times.forEach((from, i) =>
          times.slice(i).forEach((to, more) => expect(more + 1).toBeLessThanOrEqual(5 + (5 * (to - from)) / PERIOD)),
        );
      }),
    );
  });
});
