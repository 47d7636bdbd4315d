/** The command line is wrong; the message names the value and what would be right. Ends the process with 2. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}
