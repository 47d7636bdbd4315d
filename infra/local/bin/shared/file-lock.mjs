/** One holder at a time among the processes of this machine; a lock whose holder died is taken over. */
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSameProcess, processIdentity } from './process-identity.mjs';

const POLL_MS = 100;
const TAKEOVER_STALE_MS = 10_000;
/** A holder that cannot be read this soon after the lock appeared is still being written. */
const BEING_WRITTEN_MS = 2_000;

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
  let told = false;
  const tellOnce = (pid) => {
    if (!told) onWait(pid);
    told = true;
  };
  try {
    while (!tryTake(own, path, holder)) {
      if (isHeld(path, tellOnce) || !takeOver(path)) await sleep(POLL_MS);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return () => {
    if (readHolder(path)?.token === token) rmSync(path, { force: true });
  };
}

function isHeld(path, tell) {
  const other = readHolder(path);
  if (other === undefined) return age(path) < BEING_WRITTEN_MS;
  const lives = isSameProcess(other.pid, other.identity);
  if (lives) tell(other.pid);
  return lives;
}

/** A hard link appears with its contents already in it; where the file system knows none, the file is created instead. */
function tryTake(own, path, holder) {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes(error.code)) throw error;
  }
  try {
    writeFileSync(path, JSON.stringify(holder), { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Milliseconds since the file was written; 0 when it is gone. */
function age(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? 0 : Date.now() - found.mtimeMs;
}

function readHolder(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Removes a dead holder's lock. Only one process may do so at a time, or it could remove its successor's. */
function takeOver(path) {
  const guard = `${path}.takeover`;
  try {
    writeFileSync(guard, '', { flag: 'wx' });
  } catch {
    removeStaleGuard(guard);
    return false;
  }
  try {
    if (!isHeld(path, () => {})) rmSync(path, { force: true });
    return true;
  } finally {
    rmSync(guard, { force: true });
  }
}

function removeStaleGuard(guard) {
  if (age(guard) > TAKEOVER_STALE_MS) rmSync(guard, { force: true });
}
