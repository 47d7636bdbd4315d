/** One holder at a time among the processes of this machine; a lock whose holder died is taken over. */
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSameProcess, processIdentity } from './process-identity.mjs';

const POLL_MS = 100;
const TAKEOVER_STALE_MS = 10_000;

/** Runs `work` while holding the lock file; waits for a living holder and tells `onWait(pid)` once. */
export async function withFileLock(path, work, onWait = () => {}) {
  const release = await acquire(path, onWait);
  try {
    return await work();
  } finally {
    release();
  }
}

async function acquire(path, onWait) {
  mkdirSync(dirname(path), { recursive: true });
  const token = randomUUID();
  const own = `${path}.${token}`;
  const holder = { pid: process.pid, identity: processIdentity(process.pid), token };
  writeFileSync(own, JSON.stringify(holder), { mode: 0o600 });
  try {
    for (let told = false; !tryLink(own, path);) {
      const other = readHolder(path);
      if (other !== undefined && isSameProcess(other.pid, other.identity)) {
        if (!told) onWait(other.pid);
        told = true;
        await sleep(POLL_MS);
      } else if (!takeOver(path, other)) {
        await sleep(POLL_MS);
      }
    }
  } finally {
    rmSync(own, { force: true });
  }
  return () => {
    if (readHolder(path)?.token === token) rmSync(path, { force: true });
  };
}

/** A hard link appears with its contents already in it, so nobody ever reads a half-written holder. */
function tryLink(own, path) {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Removes a dead holder's lock. Only one process may do so at a time, or it could remove its successor's. */
function takeOver(path, dead) {
  const guard = `${path}.takeover`;
  try {
    writeFileSync(guard, '', { flag: 'wx' });
  } catch {
    removeStaleGuard(guard);
    return false;
  }
  try {
    if (readHolder(path)?.token === dead?.token) rmSync(path, { force: true });
    return true;
  } finally {
    rmSync(guard, { force: true });
  }
}

function removeStaleGuard(guard) {
  try {
    if (Date.now() - statSync(guard).mtimeMs > TAKEOVER_STALE_MS) rmSync(guard, { force: true });
  } catch {
    // Its owner has just removed it.
  }
}
