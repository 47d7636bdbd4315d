/** A mistake of whoever typed: the message says what would be right. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}
