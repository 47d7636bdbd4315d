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

const INSTANT = /^\d{4}-(0[1-9]|1[0-2])-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** Writes milliseconds since 1970 as ISO 8601 UTC with milliseconds, the only form on the wire. */
export function formatInstant(ms: number): string {
  return new Date(ms).toISOString();
}

/** Tells whether the text is ISO 8601 UTC with milliseconds and a day and time that exist. */
export function isInstant(text: string): boolean {
  const ms = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text;
}

/** Reads ISO 8601 UTC with milliseconds; throws on every other form, on impossible dates too. */
export function parseInstant(text: string): number {
  if (!isInstant(text)) throw new Error(`not an instant in ISO 8601 UTC with milliseconds: ${text.slice(0, 40)}`);
  return Date.parse(text);
}
