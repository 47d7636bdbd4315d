import { describe, expect, it } from '@jest/globals';
import { ScreeningShares } from './screening-shares.js';

const WORKERS = 2;

describe("the shares of organisations in the workers' time", () => {
  it('are whatever one takes that is alone', () => {
    const shares = new ScreeningShares(WORKERS);
    for (let now = 0; now < 60_000; now += 100) shares.charge('one', 200, now);
    expect(shares.isOver('one', 60_000)).toBe(false);
  });

  it('are overdrawn by one that takes nearly everything while others are there, and not by the others', () => {
    const shares = new ScreeningShares(WORKERS);
    for (let now = 0; now < 10_000; now += 100) {
      shares.charge('hog', 190, now);
      shares.charge('other', 5, now);
    }
    expect([shares.isOver('hog', 10_000), shares.isOver('other', 10_000)]).toEqual([true, false]);
  });

  it('are not overdrawn by two that take half each, nor by a burst', () => {
    const shares = new ScreeningShares(WORKERS);
    for (let now = 0; now < 60_000; now += 100) for (const org of ['a', 'b']) shares.charge(org, 100, now);
    shares.charge('burst', 1_900, 60_000);
    expect(['a', 'b', 'burst'].map((org) => shares.isOver(org, 60_000))).toEqual([false, false, false]);
  });

  it('come back with time, and when nobody else is there any more', () => {
    const shares = new ScreeningShares(WORKERS);
    shares.charge('other', 1, 0);
    shares.charge('hog', 30_000, 0);
    expect(shares.isOver('hog', 1_000)).toBe(true);
    expect(shares.isOver('hog', 5_000)).toBe(false);
    shares.charge('other', 1, 29_000);
    expect(shares.isOver('hog', 29_000)).toBe(false);
  });

  it('are forgotten of those who owe nothing', () => {
    const shares = new ScreeningShares(WORKERS);
    for (let i = 0; i < 5_000; i += 1) shares.charge(`org ${i}`, 1, i * 100);
    expect(shares.size).toBeLessThanOrEqual(1_010);
  });
});
