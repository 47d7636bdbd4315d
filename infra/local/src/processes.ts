import { setTimeout as sleep } from 'node:timers/promises';
import { LocalError } from './local-error.js';
import { endLeftBehind } from './process/end-left-behind.js';
import { lastLines, logSize } from './process/log-tail.js';
import { PidFile } from './process/pid-file.js';
import { Supervised } from './process/supervised.js';
import { startTethered, type ProcessExit, type TetheredProcess } from './process/tethered-process.js';

const GRACE_MS = 8_000;
const POLL_MS = 20;
const PATIENCE_MS = 60_000;

export interface ServiceSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly cwd?: string;
  /** True starts it again, with back-off, whenever it ends unexpectedly. */
  readonly restart?: boolean;
}

/** A program that runs until the group drains. */
export interface ManagedService {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly running: boolean;
  readonly restarts: number;
  readonly exited: Promise<ProcessExit>;
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<ProcessExit>;
  /** Resolves when the URL answers 200; rejects with the last log lines when it does not within `timeoutMs` (60 s). */
  untilReady(url: string, timeoutMs?: number): Promise<void>;
}

export interface ProcessGroupOptions {
  /** `.countersign/run/pids.json`; written 0600. */
  readonly pidFile: string;
  readonly report: (line: string) => void;
  /** How long a process may take to drain before it is killed; 8 s. */
  readonly graceMs?: number;
}

/** The processes of one run. All are tethered to this process, and noted so that the next run can clean up. */
export class ProcessGroup {
  readonly #pids: PidFile;
  readonly #report: (line: string) => void;
  readonly #graceMs: number;
  readonly #services: ManagedService[] = [];

  private constructor(pids: PidFile, { report, graceMs }: Required<ProcessGroupOptions>) {
    this.#pids = pids;
    this.#report = report;
    this.#graceMs = graceMs;
  }

  /** Ends what an earlier run has left behind, and nothing else. The caller has made sure that no such run is alive. */
  static async open({ graceMs = GRACE_MS, ...options }: ProcessGroupOptions): Promise<ProcessGroup> {
    const pids = new PidFile(options.pidFile);
    const left = pids.leftBehind();
    if (left.length > 0) {
      const names = left.map(({ name, pid }) => `${name} (${String(pid)})`).join(', ');
      options.report(`ending what an earlier run left behind: ${names}`);
      await endLeftBehind(left, graceMs);
    }
    return new ProcessGroup(pids, { ...options, graceMs });
  }

  /** Notes a process that is started and stopped elsewhere, like nats-server. */
  note(name: string, pid: number): void {
    this.#pids.note(name, pid);
  }

  /** Starts a program; resolves when it has been started, which is before it is ready. */
  async start(spec: ServiceSpec): Promise<ManagedService> {
    const running = await Supervised.start<TetheredProcess>({
      name: spec.name,
      launch: () => this.#launch(spec),
      processOf: (child) => child,
      restart: spec.restart ?? false,
      report: this.#report,
    });
    const service = manage(spec, running, this.#graceMs);
    this.#services.push(service);
    return service;
  }

  /** Asks all to end at once, ends those that do not in time, and forgets them. */
  async drain(): Promise<void> {
    await Promise.all(this.#services.splice(0).map((service) => service.stop()));
    this.#pids.forgetAll();
  }

  async #launch({ name, command, args, env, logFile, cwd }: ServiceSpec): Promise<TetheredProcess> {
    const child = await startTethered({
      command,
      args,
      env,
      logFile,
      ...(cwd === undefined ? {} : { cwd }),
      signalWhenOrphaned: 'TERM',
      killOrphanAfterMs: this.#graceMs,
    });
    this.#pids.note(name, child.pid);
    return child;
  }
}

function manage({ name, logFile }: ServiceSpec, running: Supervised<TetheredProcess>, graceMs: number): ManagedService {
  const logFrom = logSize(logFile);
  const service: ManagedService = {
    name,
    logFile,
    get pid() {
      return running.current.pid;
    },
    get running() {
      return running.running;
    },
    get restarts() {
      return running.restarts;
    },
    get exited() {
      return running.current.exited;
    },
    kill: (signal) => running.kill(signal),
    stop: () => {
      const ended = running.stop('SIGTERM', graceMs);
      // A stopped process hears SIGTERM only once it goes on.
      running.kill('SIGCONT');
      return ended;
    },
    untilReady: (url, timeoutMs = PATIENCE_MS) => untilReady(service, { url, timeoutMs, logFrom }),
  };
  return service;
}

async function untilReady(
  service: ManagedService,
  { url, timeoutMs, logFrom }: { readonly url: string; readonly timeoutMs: number; readonly logFrom: number },
): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (performance.now() < until && (service.running || service.restarts > 0)) {
    if (await answersOk(url)) return;
    await sleep(POLL_MS);
  }
  const state = service.running ? 'is not ready' : 'ended while it was starting';
  throw new LocalError('PROCESS_FAILED', `${service.name} ${state}:\n${lastLines(service.logFile, logFrom)}`);
}

async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}
