import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { endOf, epochFromNumber, epochNumber, epochOf, erasableAt, isPrunable, nextEpoch } from './payload-epoch.js';

const instants = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2090, 0, 1) });

describe('a month of payloads', () => {
  it('is the month of UTC', () => {
    expect(epochOf(Date.UTC(2026, 10, 30, 23, 59, 59, 999))).toBe('2026-11');
    expect(epochOf(Date.UTC(2026, 11, 1))).toBe('2026-12');
    expect(nextEpoch('2026-12')).toBe('2027-01');
    expect(epochNumber('2026-03')).toBe(202603);
  });

  it('holds exactly the instants before its end', () => {
    fc.assert(
      fc.property(instants, (at) => {
        const epoch = epochOf(at);
        expect(at).toBeLessThan(endOf(epoch));
        expect(epochOf(endOf(epoch) - 1)).toBe(epoch);
        expect(epochOf(endOf(epoch))).toBe(nextEpoch(epoch));
        expect(epochFromNumber(epochNumber(epoch))).toBe(epoch);
      }),
    );
  });

  it('goes when the youngest of its payloads is old enough, and may be erased a day after its end', () => {
    const end = Date.UTC(2026, 11, 1);
    expect(isPrunable('2026-11', 90, end + 90 * 86_400_000 - 1)).toBe(false);
    expect(isPrunable('2026-11', 90, end + 90 * 86_400_000)).toBe(true);
    expect(erasableAt('2026-11')).toBe(end + 86_400_000);
  });
});
