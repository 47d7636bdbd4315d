import { UsageError } from './usage-error.js';

/** Says on standard error why a role failed; answers the exit code: 2 for wrong usage, 1 for anything else. Causes are named, values of secrets never are. */
export function tell(error: unknown, write = (text: string): void => void process.stderr.write(text)): number {
  const message = error instanceof Error ? error.message : 'failed';
  const known = error instanceof Error && 'code' in error;
  const stack = known || !(error instanceof Error) ? '' : `\n${error.stack ?? ''}`;
  write(`countersign: ${message}${stack}\n`);
  return error instanceof UsageError ? 2 : 1;
}
