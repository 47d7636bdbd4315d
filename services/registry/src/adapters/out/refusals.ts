import { CommandRefused } from '@countersign/bus';

/** SQLSTATEs of a broken uniqueness and of a row that another one needs (PostgreSQL, appendix A). */
const UNIQUE = '23505';
const FOREIGN_KEY = '23503';

/** Tells whether PostgreSQL refused with this SQLSTATE. */
function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** Turns a broken uniqueness into a refusal that names the field; anything else is thrown on. */
export function taken(field: string, value: string): (error: unknown) => never {
  return (error) => {
    if (isCode(error, UNIQUE)) throw new CommandRefused('ALREADY_EXISTS', `${value} exists already`, field);
    throw error;
  };
}

/** Turns a row that is not there into a refusal that names it; anything else is thrown on. */
export function missing(field: string, value: string): (error: unknown) => never {
  return (error) => {
    if (isCode(error, FOREIGN_KEY)) refuseMissing(field, value);
    throw error;
  };
}

/** Refuses a command about something that is not there. */
export function refuseMissing(field: string, value: string): never {
  throw new CommandRefused('NOT_FOUND', `there is no ${field} ${value}`, field);
}

/** The row, or the refusal that there is none. */
export function found<R>(row: R | undefined, field: string, value: string): R {
  return row ?? refuseMissing(field, value);
}
