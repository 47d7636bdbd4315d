import type { TimeWindow } from '@countersign/contracts';

/** A window could not be evaluated: its zone is not known here. Denies. */
export class ZoneUnknown extends Error {
  readonly code = 'ZONE_UNKNOWN';
}

const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;
const WEEKDAY = new Map(['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'].map((name, i) => [name, i]));
const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;
const DAY_MINUTES = 1_440;
const WEEK_MINUTES = 7 * DAY_MINUTES;
const DAY_MS = DAY_MINUTES * MINUTE_MS;
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

/** Tells whether wall-clock time of a zone can be told here; names that are no longer listed still can. */
export function isUsableZone(zone: string): boolean {
  try {
    formatterOf(zone);
    return true;
  } catch {
    return false;
  }
}

interface WallClock {
  readonly day: number;
  readonly minute: number;
}

/** What a zone's wall clock said last: whole batches ask within one minute. */
const told = new Map<string, { readonly minute: number; readonly clock: WallClock }>();

function wallClock(zone: string, now: number): WallClock {
  const minute = Math.floor(now / MINUTE_MS);
  const last = told.get(zone);
  if (last?.minute === minute) return last.clock;
  const clock = readWallClock(zone, now);
  told.set(zone, { minute, clock });
  return clock;
}

function readWallClock(zone: string, now: number): WallClock {
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

interface Span {
  readonly tz: string;
  readonly days: ReadonlySet<number>;
  readonly start: number;
  readonly end: number;
}

function spanOf({ tz, days, start, end }: TimeWindow): Span {
  const named = DAYS.flatMap((name, day) => (days.includes(name) ? [day] : []));
  return { tz, days: new Set(named), start: minuteOf(start), end: minuteOf(end) };
}

function covers({ days, start, end }: Span, { day, minute }: WallClock): boolean {
  if (start < end) return days.has(day) && minute >= start && minute < end;
  return (days.has(day) && minute >= start) || (days.has((day + 6) % 7) && minute < end);
}

/** Tells whether one window is open at an instant (ms): wall clock of its zone, half-open; one that ends before it starts belongs to the day on which it starts. */
export function isWindowOpen(window: TimeWindow, now: number): boolean {
  return covers(spanOf(window), wallClock(window.tz, now));
}

/** Tells whether any of the windows is open: `null` always, `[]` never. Throws {@link ZoneUnknown}. */
export function isOpen(windows: readonly TimeWindow[] | null, now: number): boolean {
  return windows === null || windows.some((window) => isWindowOpen(window, now));
}

/**
 * The first minute from an instant (ms) on at which all of the lists are open; undefined beyond 15 days. Only instants at which something can open are looked
 * at, and a zone is asked for its wall clock twice a day, more often only on days on which its clocks change.
 */
export function nextOpen(lists: readonly (readonly TimeWindow[] | null)[], now: number): number | undefined {
  const spans = lists.flatMap((windows) => (windows === null ? [] : [windows.map(spanOf)]));
  if (spans.some((list) => list.length === 0)) return undefined;
  const clocks = new Map<string, SteadyClock>();
  for (const { tz } of spans.flat()) clocks.set(tz, new SteadyClock(tz));
  const clockOf = ({ tz }: Span): SteadyClock => clocks.get(tz) ?? new SteadyClock(tz);
  const end = now + HORIZON_DAYS * DAY_MS;
  let at = Math.ceil(now / MINUTE_MS) * MINUTE_MS;
  while (at < end) {
    const instant = at;
    if (spans.every((list) => list.some((span) => covers(span, clockOf(span).at(instant))))) return at;
    // what is closed opens at the start of a window, or where a clock is put forward
    at = Math.min(end, ...spans.flat().map((span) => clockOf(span).nextStart(span.start, instant)));
  }
  return undefined;
}

/** A zone's wall clock for a search that goes on in time: between two changes of the clocks it is arithmetic. */
class SteadyClock {
  #offset = 0;
  #from = Infinity;
  #until = -Infinity;

  constructor(private readonly zone: string) {}

  at(now: number): WallClock {
    if (now < this.#from || now >= this.#until) this.#settle(now);
    const minute = (utcMinuteOfWeek(now) + this.#offset) % WEEK_MINUTES;
    return { day: Math.floor(minute / DAY_MINUTES), minute: minute % DAY_MINUTES };
  }

  /** The first instant after one at which the wall clock shows a minute of the day, or may have been changed. */
  nextStart(minuteOfDay: number, now: number): number {
    const wait = (minuteOfDay - this.at(now).minute + DAY_MINUTES) % DAY_MINUTES;
    return Math.min(now + (wait === 0 ? DAY_MINUTES : wait) * MINUTE_MS, this.#until);
  }

  /** Clocks change at most once a day, and at a quarter of an hour. */
  #settle(now: number): void {
    this.#offset = this.#offsetAt(now);
    this.#from = now;
    const quarter = (Math.floor(now / QUARTER_MS) + 1) * QUARTER_MS;
    this.#until = this.#offsetAt(now + DAY_MS) === this.#offset ? now + DAY_MS : quarter;
  }

  #offsetAt(now: number): number {
    const { day, minute } = wallClock(this.zone, now);
    return (day * DAY_MINUTES + minute - utcMinuteOfWeek(now) + WEEK_MINUTES) % WEEK_MINUTES;
  }
}

function utcMinuteOfWeek(now: number): number {
  // 1 January 1970 was a Thursday
  return (Math.floor(now / MINUTE_MS) + 4 * DAY_MINUTES) % WEEK_MINUTES;
}
