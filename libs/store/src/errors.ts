/** PostgreSQL cannot be reached or does not answer. Nothing is known to be written. */
export class DatabaseUnavailable extends Error {
  readonly code = 'DATABASE_UNAVAILABLE';
}

/** A commit or statement whose outcome is not known; only doing it again, idempotently, tells. */
export class OutcomeUnknown extends Error {
  readonly code = 'OUTCOME_UNKNOWN';
}

/** The role of this connection could bypass row-level security; the service does not start with it. */
export class UnsafeRole extends Error {
  readonly code = 'UNSAFE_ROLE';
}

/** The database's clock was not measured within the last 3 s; whoever needs it denies. */
export class ClockUnusable extends Error {
  readonly code = 'CLOCK_UNUSABLE';
}

/** The schema is not the one that this program was written for. */
export class SchemaMismatch extends Error {
  readonly code = 'SCHEMA_MISMATCH';
}

const CONNECTION_CLASSES = /^(08|57P0|53)/;

/** Turns an error of the driver into {@link DatabaseUnavailable} where the database is down; every other error stays as it is. */
export function classify(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (CONNECTION_CLASSES.test(code) || code.startsWith('ECONN') || /connection (terminated|timeout)|timeout exceeded when trying to connect|not queryable/i.test(error.message)) {
    return new DatabaseUnavailable('the database cannot be reached', { cause: error });
  }
  return code === '57014' ? new OutcomeUnknown('a statement took longer than it may', { cause: error }) : error;
}
