/** PostgreSQL cannot be reached or does not answer; what was begun is rolled back. */
export class DatabaseUnavailable extends Error {
  readonly code: string = 'DATABASE_UNAVAILABLE';
}

/**
 * A commit or statement whose outcome is not known: only doing it again, idempotently, tells. It is a
 * {@link DatabaseUnavailable}, because whoever repeats after that one does the right thing after this one too.
 */
export class OutcomeUnknown extends DatabaseUnavailable {
  override readonly code = 'OUTCOME_UNKNOWN';
}

/** The transaction is over, or could not be committed because a statement in it had failed. */
export class TransactionEnded extends Error {
  readonly code = 'TRANSACTION_ENDED';
}

/** What stands in the place of an organisation's id is none. */
export class InvalidTenant extends Error {
  readonly code = 'INVALID_TENANT';
}

/** A transaction of a tenant was begun within another one. */
export class NestedTenant extends Error {
  readonly code = 'NESTED_TENANT';
}

/** A transaction over entities was begun without saying for whom. */
export class TenantMissing extends Error {
  readonly code = 'TENANT_MISSING';
}

/** The role of this connection could bypass row-level security; the service does not start with it. */
export class UnsafeRole extends Error {
  readonly code = 'UNSAFE_ROLE';
}

/** The database's clock was not measured within the last 3 s; whoever needs it denies. */
export class ClockUnusable extends Error {
  readonly code = 'CLOCK_UNUSABLE';
}

/** Records stand in the outbox that another process has taken and not yet published. */
export class OutboxPending extends Error {
  readonly code = 'OUTBOX_PENDING';
}

/** The schema is not the one that this program was written for. */
export class SchemaMismatch extends Error {
  readonly code = 'SCHEMA_MISMATCH';
}

/** Connection, insufficient resources, shutdown, timeouts of a session, and a server that has become a standby (PostgreSQL, appendix A). */
const UNAVAILABLE = /^(08|53|57P0|25P03|25P04|25006)/;
const NETWORK = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/;
const DRIVER =
  /connection (terminated|timeout|ended)|timeout exceeded when trying to connect|not queryable|pool after calling end/i;
const QUERY_CANCELED = '57014';

/** Turns an error of the driver into {@link DatabaseUnavailable} or {@link OutcomeUnknown} where it is one; every other error stays as it is. */
export function classify(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DatabaseUnavailable) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === QUERY_CANCELED || error.message === 'Query read timeout') {
    return new OutcomeUnknown('a statement took longer than it may', { cause: error });
  }
  const down = UNAVAILABLE.test(code) || NETWORK.test(code) || DRIVER.test(error.message);
  return down ? new DatabaseUnavailable('the database cannot be reached', { cause: error }) : error;
}
