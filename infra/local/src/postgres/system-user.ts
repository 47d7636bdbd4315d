import { LocalError } from '../local-error.js';
import { runCommand } from '../process/run-command.js';

/** Who runs PostgreSQL: undefined ids mean the user of this process. */
export interface DatabaseUser {
  readonly name: string;
  readonly ids?: { readonly uid: number; readonly gid: number };
}

const CANDIDATES = ['postgres', '_postgres', 'countersign'];
const CREATED = 'countersign';

/** PostgreSQL refuses to run as root, so root hands it to a system user: an existing one, else one it creates and tells of. */
export async function databaseUser(report: (line: string) => void): Promise<DatabaseUser> {
  if (process.getuid?.() !== 0) return { name: 'the current user' };
  for (const name of CANDIDATES) {
    const ids = await idsOf(name);
    if (ids !== undefined) return { name, ids };
  }
  return createUser(report);
}

async function createUser(report: (line: string) => void): Promise<DatabaseUser> {
  const args = ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', '--user-group', CREATED];
  const made = await runCommand('useradd', args);
  const ids = await idsOf(CREATED);
  if (ids === undefined) {
    const advice = `create one ("useradd --system ${CREATED}") or start as an ordinary user`;
    throw new LocalError(
      'POSTGRES_UNAVAILABLE',
      `PostgreSQL does not run as root and no system user could be made (${made.reason}): ${advice}`,
    );
  }
  report(`created the system user "${CREATED}" for PostgreSQL, which does not run as root`);
  return { name: CREATED, ids };
}

async function idsOf(name: string): Promise<{ uid: number; gid: number } | undefined> {
  const [uid, gid] = await Promise.all([runCommand('id', ['-u', name]), runCommand('id', ['-g', name])]);
  if (!uid.ok || !gid.ok) return undefined;
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

/** Whether this user can execute the file or enter the folder, tried as that user. */
export async function canReach(user: DatabaseUser, path: string): Promise<boolean> {
  const result = await runCommand('/bin/sh', ['-c', 'test -x "$1"', 'sh', path], { ...user.ids, cwd: '/' });
  return result.ok;
}
