import { readFileSync, statSync } from 'node:fs';

/** The size of a log in bytes, 0 when there is none: where the next run's lines begin. */
export function logSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The last lines written since `from` (bytes), for an error message. */
export function lastLines(path: string, from: number, count = 12): string {
  try {
    const lines = readFileSync(path).subarray(from).toString('utf8').trimEnd().split('\n');
    return lines.slice(-count).join('\n');
  } catch {
    return '';
  }
}
