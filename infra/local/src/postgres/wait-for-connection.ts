import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { LocalError, reasonOf } from '../local-error.js';
import type { TetheredProcess } from '../process/tethered-process.js';

const POLL_MS = 20;
const PATIENCE_MS = 60_000;

/** Resolves with the server's version once a query has been answered; rejects when the process ends or 60 s have passed. */
export async function waitForConnection(url: string, server: TetheredProcess): Promise<string> {
  const until = performance.now() + PATIENCE_MS;
  let last: unknown = new Error('no connection was tried');
  while (server.running && performance.now() < until) {
    try {
      return await askVersion(url);
    } catch (error) {
      last = error;
    }
    await sleep(POLL_MS);
  }
  const state = server.running ? 'does not answer' : 'ended while it was starting';
  throw new LocalError('POSTGRES_FAILED', `PostgreSQL ${state}: ${reasonOf(last)}`, { cause: last });
}

async function askVersion(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? 'unknown';
  } finally {
    await client.end().catch(() => undefined);
  }
}
