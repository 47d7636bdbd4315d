/** What can keep the local system from starting. */
export type LocalErrorCode =
  | 'MIGRATION_FAILED'
  | 'NATS_SERVER_UNAVAILABLE'
  | 'NATS_SERVER_FAILED'
  | 'POSTGRES_UNAVAILABLE'
  | 'POSTGRES_IN_USE'
  | 'POSTGRES_FAILED'
  | 'PRODUCTION_REFUSED'
  | 'DOWNLOAD_FAILED'
  | 'PROCESS_FAILED';

/** A breakdown of the machine-level part; the message says what happened and what a person can do. */
export class LocalError extends Error {
  override readonly name = 'LocalError';

  constructor(
    readonly code: LocalErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The message of anything that was thrown, on one line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const because = error.cause instanceof Error ? error.cause.message : '';
  const cause = error.message.includes(because) ? '' : ` (${because})`;
  return `${error.message}${cause}`.replace(/\s+/g, ' ').trim();
}
