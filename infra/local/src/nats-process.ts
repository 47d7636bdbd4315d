import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readRecord, stringsOf } from './json.js';
import { LocalError } from './local-error.js';
import { lastLines, logSize } from './process/log-tail.js';
import { Supervised } from './process/supervised.js';
import { startTethered, type ProcessExit, type TetheredProcess } from './process/tethered-process.js';

const POLL_MS = 5;
const PATIENCE_MS = 30_000;
const STOP_GRACE_MS = 10_000;

export interface StartNatsServerOptions {
  /** The program, as `obtainNatsServer` names it. */
  readonly binary: string;
  /** Its configuration; `port: -1` and `http_port: -1` let the system choose. Written 0600 into `dir`. */
  readonly configText: string;
  /** For the configuration and the ports file; made if missing. */
  readonly dir: string;
  readonly logFile?: string;
  /** On how many threads it runs its work (GOMAXPROCS); by default on as many as the machine has cores. */
  readonly threads?: number;
  /** True starts the server again whenever it ends unexpectedly; the configuration should then name fixed ports. */
  readonly supervise?: boolean;
  readonly report?: (line: string) => void;
}

/** A running nats-server. It ends with this process, however that ends. */
export interface NatsProcess {
  /** `nats://127.0.0.1:4222`. */
  readonly url: string;
  /** `http://127.0.0.1:8222`; undefined when the configuration opens no monitoring port. */
  readonly monitoringUrl: string | undefined;
  readonly pid: number;
  readonly logFile: string;
  readonly running: boolean;
  /** Resolves when the current process ends; under supervision another follows. */
  readonly exited: Promise<ProcessExit>;
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

interface Launched {
  readonly process: TetheredProcess;
  readonly ports: Ports;
}

interface Ports {
  readonly nats: string;
  readonly monitoring: string | undefined;
}

/** Starts nats-server and waits until it accepts connections and, with a monitoring port, says that it is healthy, JetStream included. Rejects with its last log lines. */
export async function startNatsServer(options: StartNatsServerOptions): Promise<NatsProcess> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const logFile = options.logFile ?? join(options.dir, 'nats-server.log');
  const configFile = join(options.dir, 'nats-server.conf');
  writeFileSync(configFile, options.configText, { mode: 0o600 });
  const server = await Supervised.start<Launched>({
    name: 'nats-server',
    launch: () => launch(options, configFile, logFile),
    processOf: (launched) => launched.process,
    restart: options.supervise ?? false,
    report: options.report ?? (() => undefined),
  });
  return handle(server, logFile);
}

function handle(server: Supervised<Launched>, logFile: string): NatsProcess {
  return {
    get url() {
      return server.current.ports.nats;
    },
    get monitoringUrl() {
      return server.current.ports.monitoring;
    },
    get pid() {
      return server.current.process.pid;
    },
    get running() {
      return server.running;
    },
    get exited() {
      return server.current.process.exited;
    },
    logFile,
    kill: (signal) => server.kill(signal),
    stop: async () => {
      await server.stop('SIGTERM', STOP_GRACE_MS);
    },
  };
}

async function launch(options: StartNatsServerOptions, configFile: string, logFile: string): Promise<Launched> {
  removePortsFiles(options.dir);
  const from = logSize(logFile);
  const child = await startTethered({
    command: options.binary,
    args: ['--config', configFile, '--ports_file_dir', options.dir],
    env: {
      PATH: process.env['PATH'] ?? '',
      ...(options.threads === undefined ? {} : { GOMAXPROCS: String(options.threads) }),
    },
    cwd: options.dir,
    logFile,
    signalWhenOrphaned: 'TERM',
    killOrphanAfterMs: STOP_GRACE_MS,
  });
  try {
    return { process: child, ports: await waitUntilUsable(child, portsFile(options, child.pid)) };
  } catch (cause) {
    await child.stop('SIGTERM', 1_000);
    const log = lastLines(logFile, from);
    throw new LocalError('NATS_SERVER_FAILED', `nats-server did not become usable:\n${log}`, { cause });
  }
}

/** The server writes it once it listens, and names it after its program and process. */
function portsFile({ binary, dir }: StartNatsServerOptions, pid: number): string {
  return join(dir, `${basename(binary)}_${String(pid)}.ports`);
}

/** A killed server leaves its file, and its process id may come again. */
function removePortsFiles(dir: string): void {
  for (const name of readdirSync(dir)) if (name.endsWith('.ports')) rmSync(join(dir, name), { force: true });
}

async function waitUntilUsable(child: TetheredProcess, file: string): Promise<Ports> {
  const until = performance.now() + PATIENCE_MS;
  while (child.running && performance.now() < until) {
    const ports = readPorts(file);
    if (ports !== undefined && (await isHealthy(ports.monitoring))) return ports;
    await sleep(POLL_MS);
  }
  throw new Error(child.running ? 'it did not answer in time' : 'it ended while it was starting');
}

function readPorts(file: string): Ports | undefined {
  const record = readRecord(file);
  const [nats] = stringsOf(record?.['nats']);
  if (nats === undefined) return undefined;
  return { nats, monitoring: stringsOf(record?.['monitoring'])[0] };
}

async function isHealthy(monitoring: string | undefined): Promise<boolean> {
  if (monitoring === undefined) return true;
  try {
    const response = await fetch(`${monitoring}/healthz`, { signal: AbortSignal.timeout(1_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
