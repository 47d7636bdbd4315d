import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, realpath, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LocalError } from '../local-error.js';
import { copyBinaries, findBinaries, type PostgresBinaries } from './binaries.js';
import { canReach, databaseUser, type DatabaseUser } from './system-user.js';

/** Where PostgreSQL's files lie when root starts it, because its user usually cannot enter root's folders. */
export const SYSTEM_FOLDER = '/var/lib/countersign';

export interface Installation {
  readonly user: DatabaseUser;
  readonly binaries: PostgresBinaries;
}

/** Programs that can be run, and the user to run them as. */
export async function prepareInstallation(report: (line: string) => void): Promise<Installation> {
  const user = await databaseUser(report);
  const found = await findBinaries();
  if (await canReach(user, join(found.native, 'bin', 'postgres'))) return { user, binaries: found };
  if (user.ids === undefined) {
    throw new LocalError('POSTGRES_UNAVAILABLE', `${join(found.native, 'bin', 'postgres')} cannot be executed`);
  }
  const { copied, ...binaries } = await copyBinaries(found, join(SYSTEM_FOLDER, 'programs'));
  if (copied) report(`copied PostgreSQL to ${binaries.native}: the user "${user.name}" cannot reach ${found.native}`);
  if (await canReach(user, join(binaries.native, 'bin', 'postgres'))) return { user, binaries };
  throw new LocalError('POSTGRES_UNAVAILABLE', `the user "${user.name}" cannot reach ${binaries.native}`);
}

/** The folder that holds a project's cluster: inside its own state, or for root in the system's, named after the project. */
export async function clusterFolder(project: string, stateDir: string, user: DatabaseUser): Promise<string> {
  if (user.ids === undefined) return ownedFolder(join(stateDir, 'postgres'), user);
  const name = createHash('sha256')
    .update(await realpath(project))
    .digest('hex')
    .slice(0, 16);
  // The parent stays root's, so that nothing root writes beside the cluster can be redirected by the database's user.
  await mkdir(join(SYSTEM_FOLDER, name), { recursive: true, mode: 0o755 });
  return ownedFolder(join(SYSTEM_FOLDER, name, 'postgres'), user);
}

/** A fresh folder for a cluster that is thrown away, in the temporary folder if the user can enter that. */
export async function throwAwayFolder(user: DatabaseUser): Promise<string> {
  if (await canReach(user, tmpdir())) {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-postgres-'));
    return ownedFolder(folder, user);
  }
  const parent = join(SYSTEM_FOLDER, 'throw-away');
  await mkdir(parent, { recursive: true, mode: 0o755 });
  return ownedFolder(join(parent, randomBytes(8).toString('hex')), user);
}

async function ownedFolder(folder: string, user: DatabaseUser): Promise<string> {
  await mkdir(folder, { recursive: true });
  if (user.ids !== undefined) await chown(folder, user.ids.uid, user.ids.gid);
  await chmod(folder, 0o700);
  if (await canReach(user, folder)) return folder;
  throw new LocalError('POSTGRES_UNAVAILABLE', `the user "${user.name}" cannot enter ${folder}`);
}

/** Removes the folder around root's cluster once nothing is left in it. */
export async function removeEmptyParent(folder: string): Promise<void> {
  if (dirname(dirname(folder)) !== SYSTEM_FOLDER) return;
  // Another start of the same project may be filling it again.
  await rmdir(dirname(folder)).catch(() => undefined);
}

/** Removes a folder made here, also when PostgreSQL is still writing its last files. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
