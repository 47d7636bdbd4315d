/** Where an instant comes from. Domain code receives it, so a test decides what time it is. */
export abstract class Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. Throws when the source cannot be trusted at this moment. */
  abstract now(): number;
}

/** The clock of this machine: for logs, certificates and agents; decisions that have state use the database's. */
export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }
}

const INSTANT = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
/** Days of each month; of February as many as in a leap year. */
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Writes milliseconds since 1970 as ISO 8601 UTC with milliseconds, the only form on the wire. */
export function formatInstant(ms: number): string {
  return new Date(ms).toISOString();
}

/** Tells whether the text is ISO 8601 UTC with milliseconds and a day and time that exist. */
export function isInstant(text: string): boolean {
  if (!INSTANT.test(text)) return false;
  // by hand: this is asked of every instant of every message, and the calendar of Date costs ten times as much
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8, 10))];
  return day <= (DAYS[month - 1] ?? 0) && (month !== 2 || day < 29 || isLeap(year));
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Reads ISO 8601 UTC with milliseconds; throws on every other form, on impossible dates too. */
export function parseInstant(text: string): number {
  if (!isInstant(text)) throw new Error(`not an instant in ISO 8601 UTC with milliseconds: ${text.slice(0, 40)}`);
  return Date.parse(text);
}
