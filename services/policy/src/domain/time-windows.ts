import type { TimeWindow } from '@countersign/contracts';

/** A window could not be evaluated: its zone is not known here. Denies. */
export class ZoneUnknown extends Error {
  readonly code = 'ZONE_UNKNOWN';
}

const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;
const WEEKDAY = new Map(['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'].map((name, i) => [name, i]));
const MINUTE_MS = 60_000;
/** A weekly window can fall into an hour that daylight saving skips; two weeks and a day see the next one. */
const HORIZON_DAYS = 15;

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  try {
    const made = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    formatters.set(zone, made);
    return made;
  } catch (cause) {
    throw new ZoneUnknown(`time zone ${zone.slice(0, 64)} is not known`, { cause });
  }
}

/** Tells whether a zone of the IANA database is known here. */
export function isKnownZone(zone: string): boolean {
  return zone === 'UTC' || Intl.supportedValuesOf('timeZone').includes(zone);
}

interface WallClock {
  readonly day: number;
  readonly minute: number;
}

function wallClock(zone: string, now: number): WallClock {
  const parts = new Map(
    formatterOf(zone)
      .formatToParts(now)
      .map((part) => [part.type, part.value]),
  );
  return {
    day: WEEKDAY.get(parts.get('weekday') ?? '') ?? 0,
    minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
  };
}

function minuteOf(text: string): number {
  const [hours = '0', minutes = '0'] = text.split(':');
  return Number(hours) * 60 + Number(minutes);
}

/** Tells whether one window is open at an instant (ms): wall clock of its zone, half-open; one that ends before it starts belongs to the day on which it starts. */
export function isWindowOpen(window: TimeWindow, now: number): boolean {
  const { day, minute } = wallClock(window.tz, now);
  const start = minuteOf(window.start);
  const end = minuteOf(window.end);
  const on = (d: number): boolean => window.days.includes(DAYS[(d + 7) % 7] ?? 'SUN');
  if (start < end) return on(day) && minute >= start && minute < end;
  return (on(day) && minute >= start) || (on(day - 1) && minute < end);
}

/** Tells whether any of the windows is open: `null` always, `[]` never. Throws {@link ZoneUnknown}. */
export function isOpen(windows: readonly TimeWindow[] | null, now: number): boolean {
  return windows === null || windows.some((window) => isWindowOpen(window, now));
}

/** The first minute from an instant (ms) on at which all of the lists are open; undefined beyond 15 days. */
export function nextOpen(lists: readonly (readonly TimeWindow[] | null)[], now: number): number | undefined {
  const end = now + HORIZON_DAYS * 24 * 60 * MINUTE_MS;
  for (let at = Math.ceil(now / MINUTE_MS) * MINUTE_MS; at < end; at += MINUTE_MS)
    if (lists.every((windows) => isOpen(windows, at))) return at;
  return undefined;
}
