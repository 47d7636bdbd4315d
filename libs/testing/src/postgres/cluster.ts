import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withFileLock } from '@countersign/local';
import { testRun, type TestRun } from './run.js';

const KEEPER = join(import.meta.dirname, '..', '..', 'dist', 'postgres', 'cluster-keeper.js');
const POLL_MS = 20;
const PATIENCE_MS = 60_000;

/** The PostgreSQL of this test run. */
export interface TestCluster {
  /** Superuser, database `postgres`. */
  readonly superUrl: string;
  /** Where the server listens, `127.0.0.1:<port>`. */
  readonly address: string;
  /** Passwords of every role that tests make. */
  readonly password: string;
}

/**
 * One throw-away PostgreSQL for all workers of a jest run: the first caller starts it, the rest find it. It ends with
 * the run, also when that is killed, and leaves no file. Needs the built packages (`npm run build`).
 */
export async function testCluster(): Promise<TestCluster> {
  const run = testRun();
  const file = join(run.folder, 'cluster.json');
  if (!existsSync(file)) await startOnce(run, file);
  const { url } = JSON.parse(readFileSync(file, 'utf8')) as { readonly url: string };
  const { host, password } = new URL(url);
  return { superUrl: url, address: host, password };
}

async function startOnce(run: TestRun, file: string): Promise<void> {
  mkdirSync(run.folder, { recursive: true, mode: 0o700 });
  await withFileLock(join(run.folder, 'cluster.lock'), async () => {
    if (!existsSync(file)) await startKeeper(run, file);
  });
}

async function startKeeper({ pid, identity, folder }: TestRun, file: string): Promise<void> {
  if (!existsSync(KEEPER)) throw new Error('the packages are not built: run "npm run build" first');
  const logFile = join(folder, 'keeper.log');
  const log = openSync(logFile, 'a', 0o600);
  const stdio: ['ignore', number, number] = ['ignore', log, log];
  const keeper = spawn(process.execPath, [KEEPER, String(pid), identity, folder], { detached: true, stdio });
  closeSync(log);
  keeper.unref();
  const until = performance.now() + PATIENCE_MS;
  while (!existsSync(file)) {
    if (keeper.exitCode !== null || performance.now() > until) {
      throw new Error(`PostgreSQL for the tests did not start:\n${readFileSync(logFile, 'utf8')}`);
    }
    await sleep(POLL_MS);
  }
}
