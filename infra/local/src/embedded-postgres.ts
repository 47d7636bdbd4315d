import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalError } from './local-error.js';
import { Supervised } from './process/supervised.js';
import { prepareDataDirectory, setAside } from './postgres/data-directory.js';
import {
  clusterFolder,
  prepareInstallation,
  removeEmptyParent,
  removeFolder,
  throwAwayFolder,
  type Installation,
} from './postgres/locations.js';
import { ownCluster } from './postgres/ownership.js';
import { startPostmaster, type Postmaster } from './postgres/postmaster.js';
import { stopOrphan } from './postgres/postmaster-file.js';
import { databaseUser } from './postgres/system-user.js';

const STOP_GRACE_MS = 15_000;
const MAX_CONNECTIONS = 60;
const PASSWORD_FILE = 'postgres-password';
const PORT_FILE = 'postgres-port';

export interface PostgresOptions {
  /** The project's folder: as root the data directory is named after it. */
  readonly project: string;
  /** Where password, port and log are kept (0600), and the data unless root starts it. */
  readonly stateDir: string;
  /** Tried in this order after the port of the last run; any free one otherwise. */
  readonly preferredPorts?: readonly number[];
  readonly maxConnections?: number;
  /** True starts the server again, on the same port, whenever it ends unexpectedly. */
  readonly supervise?: boolean;
  /** Hears sentences for people. */
  readonly report?: (line: string) => void;
  /** The embedded server is for trying out and development; with NODE_ENV=production it starts only when this is true. */
  readonly allowProduction?: boolean;
}

export interface ThrowAwayOptions {
  /** Only a cluster that is thrown away may do without: what a crash loses is never missed. */
  readonly fsync: boolean;
  readonly maxConnections?: number;
  readonly report?: (line: string) => void;
}

/** A running PostgreSQL on 127.0.0.1. It ends with this process, however that ends. */
export interface EmbeddedPostgres {
  /** Superuser, database `postgres`: holds the password, keep it out of logs. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly version: string;
  readonly dataDir: string;
  readonly logFile: string;
  /** True when this call made the cluster. */
  readonly created: boolean;
  readonly running: boolean;
  kill(signal: NodeJS.Signals): void;
  /** Fast shutdown: open transactions are rolled back, everything committed is kept. */
  stop(): Promise<void>;
}

/** Starts the project's cluster, making it at the first time. Rejects with a `LocalError` that holds the last log lines. */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  refuseProduction(options);
  const report = options.report ?? (() => undefined);
  mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
  const installation = await prepareInstallation(report);
  const folder = await clusterFolder(options.project, options.stateDir, installation.user);
  const release = await ownCluster(folder);
  try {
    return await startCluster(options, { installation, folder, report, release });
  } catch (error) {
    release();
    throw error;
  }
}

/** Removes the project's cluster with its password and port, for a start from nothing. Refuses while a living process uses it. */
export async function removePostgres(options: Pick<PostgresOptions, 'project' | 'stateDir'>): Promise<void> {
  const user = await databaseUser(() => undefined);
  const folder = await clusterFolder(options.project, options.stateDir, user);
  const release = await ownCluster(folder);
  try {
    await stopOrphan(join(folder, 'data'));
    await removeFolder(folder);
    for (const file of [PASSWORD_FILE, PORT_FILE]) rmSync(join(options.stateDir, file), { force: true });
  } finally {
    release();
    await removeEmptyParent(folder);
  }
}

/** Starts a cluster of its own in a temporary folder, which is removed when it stops and also when this process is killed. */
export async function startThrowAwayPostgres(options: ThrowAwayOptions): Promise<EmbeddedPostgres> {
  const report = options.report ?? (() => undefined);
  const installation = await prepareInstallation(report);
  const folder = await throwAwayFolder(installation.user);
  const password = randomBytes(24).toString('base64url');
  const remove = (): Promise<void> => removeFolder(folder);
  try {
    const data = await prepareDataDirectory(installation, folder, password);
    const settings = { installation, ...data, password, logFile: join(folder, 'postgres.log') };
    const limits = { maxConnections: options.maxConnections ?? MAX_CONNECTIONS, fsync: options.fsync };
    const launch = (): Promise<Postmaster> =>
      startPostmaster({ ...settings, ...limits, preferredPorts: [], removeWhenOrphaned: folder });
    const server = await supervise(launch, { restart: false, report });
    return handle(server, settings, remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

interface Cluster {
  readonly installation: Installation;
  readonly folder: string;
  readonly report: (line: string) => void;
  readonly release: () => void;
}

async function startCluster(options: PostgresOptions, cluster: Cluster): Promise<EmbeddedPostgres> {
  const { installation, folder, report, release } = cluster;
  const orphan = await stopOrphan(join(folder, 'data'));
  if (orphan !== undefined) report(`stopped a PostgreSQL that an earlier run left behind (process ${String(orphan)})`);
  const password = await rememberedPassword(join(options.stateDir, PASSWORD_FILE), folder, report);
  const data = await prepareDataDirectory(installation, folder, password);
  const portFile = join(options.stateDir, PORT_FILE);
  const settings = { installation, ...data, password, logFile: join(options.stateDir, 'postgres.log') };
  const launch = async (): Promise<Postmaster> => {
    const preferredPorts = [...rememberedPort(portFile), ...(options.preferredPorts ?? [])];
    const maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
    const started = await startPostmaster({ ...settings, preferredPorts, maxConnections, fsync: true });
    writeFileSync(portFile, `${String(started.port)}\n`, { mode: 0o600 });
    return started;
  };
  const server = await supervise(launch, { restart: options.supervise ?? false, report });
  return handle(server, settings, () => Promise.resolve(release()));
}

function supervise(
  launch: () => Promise<Postmaster>,
  options: { readonly restart: boolean; readonly report: (line: string) => void },
): Promise<Supervised<Postmaster>> {
  return Supervised.start({ name: 'PostgreSQL', launch, processOf: (started) => started.process, ...options });
}

function handle(
  server: Supervised<Postmaster>,
  { dataDir, created, logFile }: { readonly dataDir: string; readonly created: boolean; readonly logFile: string },
  afterwards: () => Promise<void>,
): EmbeddedPostgres {
  return {
    get url() {
      return server.current.url;
    },
    get port() {
      return server.current.port;
    },
    get pid() {
      return server.current.process.pid;
    },
    get running() {
      return server.running;
    },
    version: server.current.version,
    dataDir,
    created,
    logFile,
    kill: (signal) => server.kill(signal),
    stop: async () => {
      await server.stop('SIGINT', STOP_GRACE_MS);
      await afterwards();
    },
  };
}

function refuseProduction({ allowProduction }: PostgresOptions): void {
  if (process.env['NODE_ENV'] !== 'production' || allowProduction === true) return;
  throw new LocalError(
    'PRODUCTION_REFUSED',
    'the embedded PostgreSQL is for trying out and development, and NODE_ENV is production: name a managed PostgreSQL',
  );
}

/** The cluster's password; where it is gone, the state it belonged to is gone, and a new cluster is made beside the old. */
async function rememberedPassword(file: string, folder: string, report: (line: string) => void): Promise<string> {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const aside = await setAside(folder);
  if (aside !== undefined) report(`${file} is gone: the database it opened was set aside in ${aside}`);
  const password = randomBytes(24).toString('base64url');
  writeFileSync(file, `${password}\n`, { mode: 0o600, flag: 'wx' });
  return password;
}

function rememberedPort(file: string): readonly number[] {
  try {
    const port = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(port) && port > 0 ? [port] : [];
  } catch {
    return [];
  }
}
