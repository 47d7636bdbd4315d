import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isSameProcess, processIdentity } from '../../bin/shared/process-identity.mjs';
import { withFileLock } from '../../bin/shared/file-lock.mjs';
import { readRecord } from '../json.js';
import { LocalError } from '../local-error.js';

/** A cluster has one starter at a time; a starter that was killed is no owner any more. Returns what gives it up. */
export async function ownCluster(folder: string): Promise<() => void> {
  const file = `${folder}-owner.json`;
  await withFileLock(`${folder}-owner.lock`, () => {
    const owner = livingOwner(file);
    if (owner !== undefined) {
      const advice = 'stop that one first';
      throw new LocalError('POSTGRES_IN_USE', `${folder} is in use by process ${String(owner)}: ${advice}`);
    }
    writeFileSync(file, JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) }), { mode: 0o600 });
  });
  const written = readFileSync(file, 'utf8');
  return () => {
    if (readRecord(file) !== undefined && readFileSync(file, 'utf8') === written) rmSync(file, { force: true });
  };
}

function livingOwner(file: string): number | undefined {
  const record = readRecord(file);
  const pid = record?.['pid'];
  const identity = record?.['identity'];
  if (typeof pid !== 'number' || typeof identity !== 'string') return undefined;
  return isSameProcess(pid, identity) ? pid : undefined;
}
