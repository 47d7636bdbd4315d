import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { formatInstant } from '@countersign/primitives';
import { dayOf, monthOf, periodAfter, periodOf } from './period.js';

interface At {
  readonly at: string;
  readonly zone: string;
}

const casesOf = <T>(name: string): readonly T[] =>
  parse(readFileSync(join(import.meta.dirname, '..', '..', 'cases', name), 'utf8')) as readonly T[];

const KEYS = casesOf<At & { readonly is: string }>('periods.yaml');
const MONTHS = casesOf<
  At & { readonly is: string; readonly from: string; readonly to: string; readonly hours: number }
>('months.yaml');
const ZONES = casesOf<At & { readonly name: string; readonly last: At; readonly is: string; readonly until: string }>(
  'zones.yaml',
);
const HOUR = 3_600_000;

describe('the month in which money counts', () => {
  it.each(KEYS)('is $is at $at in $zone', ({ at, zone, is }) => {
    expect(periodOf(zone, Date.parse(at))).toBe(is);
  });

  it('is none in a zone that is not known', () => {
    expect(() => periodOf('Mars/Olympus', 0)).toThrow(RangeError);
  });

  it.each(MONTHS)('lasts $hours hours at $at in $zone', ({ at, zone, is, from, to, hours }) => {
    const { key, start, end } = monthOf(zone, Date.parse(at));
    expect([key, formatInstant(start), formatInstant(end)]).toEqual([is, from, to]);
    expect((end - start) / HOUR).toBe(hours);
  });

  it.each(ZONES)('after a changed zone: $name', ({ at, zone, last, is, until }) => {
    const period = periodAfter(monthOf(last.zone, Date.parse(last.at)), zone, Date.parse(at));
    expect([period.key, formatInstant(period.end)]).toEqual([is, until]);
  });

  it('never comes twice and never ends before it begins, however often the zone changes', () => {
    const zones = ['UTC', 'Pacific/Kiritimati', 'America/Los_Angeles', 'Europe/Berlin', 'Asia/Kathmandu'];
    const step = fc.record({ zone: fc.constantFrom(...zones), hours: fc.integer({ min: 0, max: 1500 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let now = Date.UTC(2026, 0, 31, 12);
        let last = periodAfter(undefined, 'UTC', now);
        for (const { zone, hours } of steps) {
          now += hours * HOUR;
          const next = periodAfter(last, zone, now);
          expect(next.end).toBeGreaterThan(now);
          if (next !== last) expect([next.key > last.key, next.start >= last.end]).toEqual([true, true]);
          last = next;
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('the day on which money counts', () => {
  it.each([
    ['UTC', '2026-11-30T23:30:00.000Z', '2026-11-30'],
    ['Europe/Berlin', '2026-11-30T23:30:00.000Z', '2026-12-01'],
    ['Pacific/Kiritimati', '2026-11-30T09:59:59.999Z', '2026-11-30'],
    ['Pacific/Apia', '2011-12-30T12:00:00.000Z', '2011-12-31'],
  ])('in %s at %s is %s', (zone, at, is) => {
    expect(dayOf(zone, Date.parse(at))).toBe(is);
  });
});
