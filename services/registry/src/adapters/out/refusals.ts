import { CommandRefused } from '@countersign/bus';

/** SQLSTATE of a broken uniqueness (PostgreSQL, appendix A). */
const UNIQUE = '23505';

/** Tells whether PostgreSQL refused with this SQLSTATE. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** Turns a broken uniqueness into a refusal that names the field; anything else is thrown on. */
export function taken(field: string, value: string): (error: unknown) => never {
  return (error) => {
    if (isCode(error, UNIQUE)) throw new CommandRefused('ALREADY_EXISTS', `${value} exists already`, field);
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
