import { runCommand } from '../process/run-command.js';

/** The version that is fetched when the machine has none that will do. */
export const PINNED_VERSION = '2.15.1';
/** Older servers silently ignore headers and stream settings that safety rests on. */
export const MINIMUM_VERSION = '2.12.0';

/** Whether a dotted version is at least the other; pre-release suffixes are ignored, what is no version is not. */
export function isAtLeast(version: string, minimum: string): boolean {
  const have = numbersOf(version);
  const want = numbersOf(minimum);
  if (have === undefined || want === undefined) return false;
  const difference = have.map((part, index) => part - (want[index] ?? 0)).find((step) => step !== 0);
  return (difference ?? 0) > 0 || difference === undefined;
}

function numbersOf(version: string): readonly number[] | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version);
  return match === null ? undefined : match.slice(1).map(Number);
}

/** What the program says of itself, `2.15.1`; undefined when it cannot be run or says something else. */
export async function versionOf(program: string): Promise<string | undefined> {
  const said = await runCommand(program, ['--version'], { timeoutMs: 10_000 });
  return /nats-server:\s*v?(\d+\.\d+\.\d+[^\s]*)/.exec(said.stdout)?.[1];
}
