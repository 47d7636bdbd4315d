/** What the bootstrap tells people goes to stderr: stdout belongs to the program that is started. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** `0.3 s`, `41 s`, `2 min 5 s`. */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** A breakdown that a person can do something about: shown without a stack. */
export class Explained extends Error {}

/** Ends the process with the error's explanation; anything unforeseen keeps its stack. */
export function fail(error) {
  say(error instanceof Explained ? `\n${error.message}` : (error?.stack ?? String(error)));
  process.exitCode = 1;
}
