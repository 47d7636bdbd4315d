/** A calendar month of an organisation: half-open in ms, in the zone that was in force when it began. */
export interface Period {
  /** `YYYY-MM`. */
  readonly key: string;
  readonly zone: string;
  readonly start: number;
  readonly end: number;
}

const MINUTE = 60_000;
/** No zone is further from UTC than this; Kiritimati is 14 hours ahead. */
const FURTHEST_ZONE = 15 * 60 * MINUTE;
const formatters = new Map<string, Intl.DateTimeFormat>();
/** The day of each zone in the second that was asked for last: a batch asks for one many times, and no day begins within a second. */
const days = new Map<string, { readonly second: number; readonly day: string }>();
const starts = new Map<string, number>();

/** Key `YYYY-MM` of the calendar month that holds an instant (ms) in a zone. Throws a RangeError for a zone that is not known. */
export function periodOf(zone: string, now: number): string {
  return dayOf(zone, now).slice(0, 7);
}

/** `YYYY-MM-DD` of the day that holds an instant (ms) in a zone. Throws a RangeError for a zone that is not known. */
export function dayOf(zone: string, now: number): string {
  const second = Math.floor(now / 1_000);
  const known = days.get(zone);
  if (known?.second === second) return known.day;
  const day = formattedDay(zone, now);
  days.set(zone, { second, day });
  return day;
}

function formattedDay(zone: string, now: number): string {
  let formatter = formatters.get(zone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      calendar: 'gregory',
    });
    formatters.set(zone, formatter);
  }
  const parts = new Map(formatter.formatToParts(now).map((part) => [part.type, part.value]));
  return `${parts.get('year') ?? ''}-${parts.get('month') ?? ''}-${parts.get('day') ?? ''}`;
}

/** The month that holds an instant, from the first existing instant of its day 1 to that of the next month's. */
export function monthOf(zone: string, now: number): Period {
  return monthNamed(zone, periodOf(zone, now));
}

/**
 * The period of an instant, after the last one that an organisation had. A running period ends where its own zone says, whatever zone the organisation has moved to
 * meanwhile; the next one ends in the new zone, and no month comes twice.
 */
export function periodAfter(last: Period | undefined, zone: string, now: number): Period {
  if (last !== undefined && now < last.end) return last;
  const here = monthOf(zone, now);
  if (last === undefined) return here;
  const next = nextKey(last.key);
  if (here.key > next) return here;
  return { ...monthNamed(zone, next), start: last.end };
}

function monthNamed(zone: string, key: string): Period {
  return { key, zone, start: startOf(zone, key), end: startOf(zone, nextKey(key)) };
}

function nextKey(key: string): string {
  const [year = 0, month = 0] = key.split('-').map(Number);
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 7);
}

/** The first instant whose wall clock shows this month: a gap at midnight moves it forward, an hour that comes twice counts from the first. */
function startOf(zone: string, key: string): number {
  const name = `${zone} ${key}`;
  const known = starts.get(name);
  if (known !== undefined) return known;
  const utc = Date.parse(`${key}-01T00:00:00.000Z`);
  let at = utc - FURTHEST_ZONE;
  while (periodOf(zone, at) < key) at += MINUTE;
  starts.set(name, at);
  return at;
}
