import { execFile } from 'node:child_process';

export interface CommandResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it failed, on one line: the last line of its stderr, else what the system said. */
  readonly reason: string;
}

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutMs?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** Runs a command to its end; never rejects. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { timeoutMs = 60_000, ...rest } = options;
  return new Promise((resolve) => {
    const settings = { ...rest, timeout: timeoutMs, maxBuffer: 32 * 1024 * 1024, encoding: 'utf8' as const };
    const child = execFile(command, args, settings, (error, stdout, stderr) => {
      const lines = stderr.trim().split('\n');
      const last = error?.killed === true ? `took longer than ${String(timeoutMs)} ms` : lines.at(-1);
      const reason = error === null ? '' : last === undefined || last === '' ? error.message : last;
      resolve({ ok: error === null, stdout, stderr, reason });
    });
    child.stdin?.end();
  });
}
