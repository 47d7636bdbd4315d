import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { windowSchema, type TimeWindow } from '@countersign/contracts';
import fc from 'fast-check';
import { parse } from 'yaml';
import { isKnownZone, isOpen, nextOpen, ZoneUnknown } from './time-windows.js';

interface Group {
  readonly windows: readonly TimeWindow[] | null;
  readonly at: readonly {
    readonly now: string;
    readonly open: boolean;
    readonly next?: string | null;
    readonly says: string;
  }[];
}

const GROUPS = parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'cases', 'time-windows.yaml'), 'utf8'),
) as readonly Group[];
const CASES = GROUPS.flatMap(({ windows, at }) =>
  at.map((one) => ({ ...one, windows, state: one.open ? 'open' : 'shut' })),
);
const MINUTE_MS = 60_000;

describe('a time window', () => {
  it.each(CASES)('is $state at $now ($says)', ({ windows, now, open, next }) => {
    const at = Date.parse(now);
    expect(isOpen(windows, at)).toBe(open);
    if (next !== undefined) expect(nextOpen([windows], at)).toBe(next === null ? undefined : Date.parse(next));
  });

  it('of a zone that is not known cannot be judged', () => {
    const windows = [{ days: ['MON'], start: '08:00', end: '18:00', tz: 'Mars/Olympus' }] as const;
    expect(() => isOpen(windows as unknown as readonly TimeWindow[], 0)).toThrow(ZoneUnknown);
    expect([isKnownZone('Mars/Olympus'), isKnownZone('Europe/Berlin'), isKnownZone('UTC')]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it.each([
    ['start and end are the same', { start: '08:00', end: '08:00' }],
    ['no day is named', { days: [] }],
    ['it starts at 24:00', { start: '24:00' }],
    ['it ends at 00:00', { end: '00:00' }],
  ])('is refused when %s', (_, change) => {
    const plain = { days: ['MON'], start: '08:00', end: '18:00', tz: 'UTC' };
    expect(windowSchema.safeParse(plain).success).toBe(true);
    expect(windowSchema.safeParse({ ...plain, ...change }).success).toBe(false);
  });
});

const minutes = fc
  .integer({ min: 0, max: 1_439 })
  .map((m) => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`);
const aWindow = fc
  .record({
    days: fc.uniqueArray(fc.constantFrom('MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'), {
      minLength: 1,
      maxLength: 2,
    }),
    start: minutes,
    end: minutes.map((m) => (m === '00:00' ? '24:00' : m)),
    tz: fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
      'America/St_Johns',
    ),
  })
  .filter((window) => windowSchema.safeParse(window).success) as fc.Arbitrary<TimeWindow>;
// around the changes of clocks of 2026, where a search that skips is most likely to skip too far
const aMoment = fc
  .constantFrom(
    '2026-03-08T00:00Z',
    '2026-03-29T00:00Z',
    '2026-04-04T12:00Z',
    '2026-10-03T12:00Z',
    '2026-10-25T00:00Z',
    '2026-11-01T00:00Z',
  )
  .chain((day) => fc.integer({ min: -3 * 1_440, max: 2 * 1_440 }).map((m) => Date.parse(day) + m * MINUTE_MS));

/** Looks minute by minute for as long as a day. */
function firstOpenMinute(lists: readonly (readonly TimeWindow[])[], now: number): number | undefined {
  for (let at = now; at < now + 1_440 * MINUTE_MS; at += MINUTE_MS)
    if (lists.every((list) => isOpen(list, at))) return at;
  return undefined;
}

describe('the next opening', () => {
  it('is the first minute at which all lists are open, across changes of the clock', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(aWindow, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 }),
        aMoment,
        (lists, now) => {
          const found = nextOpen(lists, now);
          const expected = firstOpenMinute(lists, now);
          if (expected !== undefined) expect(found).toBe(expected);
          else expect(found === undefined || found >= now + 1_440 * MINUTE_MS).toBe(true);
          if (found !== undefined) expect(lists.every((list) => isOpen(list, found))).toBe(true);
        },
      ),
      { numRuns: 60, seed: 2026 },
    );
  });

  it('asks a zone for its wall clock a few times, not every minute, so that a batch of refused tasks holds up nobody', () => {
    const asked = jest.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
    nextOpen(
      [[{ days: ['SUN'], start: '02:00', end: '03:00', tz: 'America/New_York' }]],
      Date.parse('2026-03-01T08:00:00.000Z'),
    );
    expect(asked.mock.calls.length).toBeLessThan(250);
    asked.mockRestore();
  });
});
