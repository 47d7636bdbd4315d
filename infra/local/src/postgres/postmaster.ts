import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../free-port.js';
import { LocalError, reasonOf } from '../local-error.js';
import { lastLines, logSize } from '../process/log-tail.js';
import { startTethered, type TetheredProcess } from '../process/tethered-process.js';
import { POSTGRES_ENVIRONMENT, SUPERUSER } from './environment.js';
import type { Installation } from './locations.js';
import { waitForConnection } from './wait-for-connection.js';

const ATTEMPTS = 5;
const RETRY_MS = 300;
/** Another program took the port between choosing and binding, or backends of a killed server are still on their way out. */
const PASSING = /could not bind|pre-existing shared memory block|lock file "postmaster\.pid"/;

export interface PostmasterOptions {
  readonly installation: Installation;
  readonly dataDir: string;
  readonly password: string;
  readonly logFile: string;
  readonly preferredPorts: readonly number[];
  readonly maxConnections: number;
  readonly fsync: boolean;
  readonly removeWhenOrphaned?: string;
}

export interface Postmaster {
  readonly process: TetheredProcess;
  readonly port: number;
  readonly url: string;
  readonly version: string;
}

/** Starts the server and waits until it answers a query; rejects with its last log lines. */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  for (let attempt = 1; ; attempt += 1) {
    const from = logSize(options.logFile);
    try {
      return await startOnce(options);
    } catch (error) {
      const log = lastLines(options.logFile, from);
      if (attempt === ATTEMPTS || !PASSING.test(log)) {
        throw new LocalError('POSTGRES_FAILED', `${reasonOf(error)}\n${log}`, { cause: error });
      }
      await sleep(RETRY_MS * attempt);
    }
  }
}

async function startOnce(options: PostmasterOptions): Promise<Postmaster> {
  const port = await freePort(...options.preferredPorts);
  const { installation, dataDir } = options;
  const server = await startTethered({
    command: join(installation.binaries.native, 'bin', 'postgres'),
    args: serverArgs(options, port),
    env: POSTGRES_ENVIRONMENT,
    logFile: options.logFile,
    cwd: dataDir,
    signalWhenOrphaned: 'INT',
    ...installation.user.ids,
    ...(options.removeWhenOrphaned === undefined ? {} : { removeWhenOrphaned: options.removeWhenOrphaned }),
  });
  chmodSync(options.logFile, 0o600);
  const url = `postgresql://${SUPERUSER}:${encodeURIComponent(options.password)}@127.0.0.1:${String(port)}/postgres`;
  try {
    return { process: server, port, url, version: await waitForConnection(url, server) };
  } catch (error) {
    await server.stop('SIGINT', 5_000);
    throw error;
  }
}

function serverArgs({ dataDir, maxConnections, fsync }: PostmasterOptions, port: number): readonly string[] {
  const settings: Readonly<Record<string, string>> = {
    listen_addresses: '127.0.0.1',
    // The default /tmp would collide between users of one machine.
    unix_socket_directories: '',
    max_connections: String(maxConnections),
    shared_buffers: '128MB',
    password_encryption: 'scram-sha-256',
    autovacuum_naptime: '5s',
    fsync: fsync ? 'on' : 'off',
    ...(fsync ? {} : { synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', dataDir, '-p', String(port), ...flags];
}
