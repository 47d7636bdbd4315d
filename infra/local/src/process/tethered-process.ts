import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalError } from '../local-error.js';

/** How a process ended: exactly one of the two is set. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface TetherOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Receives stdout and stderr, appended; created 0600. */
  readonly logFile: string;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** What the process is sent when its parent is gone. */
  readonly signalWhenOrphaned: 'INT' | 'TERM';
  /** Milliseconds after which an orphan that has not ended is killed; 0 never kills. */
  readonly killOrphanAfterMs?: number;
  /** A folder to remove when the parent died and the process has ended. */
  readonly removeWhenOrphaned?: string;
}

/**
 * A child that cannot outlive this process: a watcher reads a pipe whose other end only this process holds, and ends
 * the child when the pipe closes, which also happens on kill -9. It runs in its own session, so that Ctrl-C in a
 * terminal reaches this process alone and the child is told once.
 */
export interface TetheredProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  readonly running: boolean;
  kill(signal: NodeJS.Signals): void;
  /** Sends the signal, then SIGKILL after `graceMs`; resolves when the process has ended. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<ProcessExit>;
}

// The wait is bounded: where nobody reaps orphans, a dead one answers kill -0 for ever.
// `$$` stays the id of this shell and, after exec, of the command. The watcher is forked twice so that the command
// never sees a child it did not start; a line on the pipe tells it that the command has ended and its id may be reused.
const SCRIPT = `
signal=$1; kill_after=$2; remove=$3; shift 3
(
  {
    if read -r _ <&3; then exit 0; fi
    kill -"$signal" $$
    waited=0
    while [ "$waited" -lt 60000 ] && kill -0 $$; do
      if [ "$kill_after" -gt 0 ] && [ "$waited" -ge "$kill_after" ]; then kill -KILL $$; fi
      sleep 0.1; waited=$((waited + 100))
    done
    if [ -n "$remove" ]; then rm -rf -- "$remove"; fi
  } >/dev/null 2>&1 &
)
exec "$@" 3<&-
`;

/**
 * Starts the command tethered to this process; rejects when it cannot be started at all. Where there is no `shell` to watch it, as in the image, it is started alone:
 * a container ends with its first process, and everything in it too.
 */
export async function startTethered(options: TetherOptions, shell = '/bin/sh'): Promise<TetheredProcess> {
  const child = spawnLogged(options, existsSync(shell) ? watched(options, shell) : [options.command, options.args]);
  const exited = new Promise<ProcessExit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(new LocalError('PROCESS_FAILED', `cannot start ${options.command}: ${cause.message}`, { cause })),
    );
  });
  const { pid } = child;
  if (pid === undefined) throw new LocalError('PROCESS_FAILED', `cannot start ${options.command}`);
  return new Tethered(child, pid, exited);
}

type Invocation = readonly [program: string, args: readonly string[]];

function watched(options: TetherOptions, shell: string): Invocation {
  const own = [options.signalWhenOrphaned, String(options.killOrphanAfterMs ?? 0), options.removeWhenOrphaned ?? ''];
  return [shell, ['-c', SCRIPT, 'sh', ...own, options.command, ...options.args]];
}

function spawnLogged(options: TetherOptions, [program, args]: Invocation): ChildProcess {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a', 0o600);
  try {
    return spawn(program, args, {
      detached: true,
      stdio: ['ignore', log, log, 'pipe'],
      env: { ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
    });
  } finally {
    closeSync(log);
  }
}

class Tethered implements TetheredProcess {
  readonly #child: ChildProcess;
  #running = true;

  constructor(
    child: ChildProcess,
    readonly pid: number,
    readonly exited: Promise<ProcessExit>,
  ) {
    this.#child = child;
    const tether = child.stdio[3];
    tether?.on('error', () => undefined);
    child.once('exit', () => {
      this.#running = false;
      if (tether !== null && tether !== undefined && 'end' in tether) tether.end('ended\n');
    });
  }

  get running(): boolean {
    return this.#running;
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#running) this.#child.kill(signal);
  }

  async stop(signal: NodeJS.Signals, graceMs: number): Promise<ProcessExit> {
    this.kill(signal);
    const patience = new AbortController();
    const late = sleep(graceMs, undefined, { signal: patience.signal }).then(
      () => this.kill('SIGKILL'),
      () => undefined,
    );
    const exit = await this.exited;
    patience.abort();
    await late;
    return exit;
  }
}
