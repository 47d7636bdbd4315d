import { readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalError } from '../local-error.js';
import { runCommand } from '../process/run-command.js';

const GRACE_MS = 20_000;
const POLL_MS = 25;

/**
 * Ends a PostgreSQL that a killed starter left behind in this data directory, and removes a postmaster.pid whose id
 * now belongs to some other program. Returns the id that was stopped. The caller has made sure that no living starter
 * owns the directory.
 */
export async function stopOrphan(dataDir: string): Promise<number | undefined> {
  const pid = postmasterPid(dataDir);
  if (pid === undefined) return undefined;
  if (!(await isPostmasterOf(pid, dataDir))) {
    rmSync(join(dataDir, 'postmaster.pid'), { force: true });
    return undefined;
  }
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    send(pid, signal);
    if (await hasEnded(pid, dataDir)) return pid;
  }
  throw new LocalError('POSTGRES_FAILED', `a PostgreSQL left behind (process ${String(pid)}) does not end`);
}

function postmasterPid(dataDir: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Whether this id is a PostgreSQL that runs in this data directory: an id alone may have been given to another program. */
export async function isPostmasterOf(pid: number, dataDir: string): Promise<boolean> {
  if (process.platform === 'linux') return isLinuxPostmaster(pid, dataDir);
  const shown = await runCommand('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
  return shown.ok && shown.stdout.includes('postgres') && shown.stdout.includes(dataDir);
}

function isLinuxPostmaster(pid: number, dataDir: string): boolean {
  try {
    const program = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split('\0')[0] ?? '';
    const folder = readlinkSync(`/proc/${String(pid)}/cwd`);
    return basename(program) === 'postgres' && folder === realpathSync(dataDir);
  } catch {
    return false;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in the meantime; the wait that follows sees it.
  }
}

async function hasEnded(pid: number, dataDir: string): Promise<boolean> {
  for (let waited = 0; waited < GRACE_MS; waited += POLL_MS) {
    if (!(await isPostmasterOf(pid, dataDir))) return true;
    await sleep(POLL_MS);
  }
  return false;
}
