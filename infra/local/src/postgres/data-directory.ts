import { randomBytes } from 'node:crypto';
import { lchown, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalError } from '../local-error.js';
import { runCommand } from '../process/run-command.js';
import { POSTGRES_ENVIRONMENT, SUPERUSER } from './environment.js';
import type { Installation } from './locations.js';

const UNFINISHED = 'unfinished-';

/** The data directory in `folder`, made if there is none; an interrupted creation leaves nothing that looks like one. */
export async function prepareDataDirectory(
  installation: Installation,
  folder: string,
  password: string,
): Promise<{ readonly dataDir: string; readonly created: boolean }> {
  const dataDir = join(folder, 'data');
  await removeUnfinished(folder);
  const present = await majorVersionIn(dataDir);
  const wanted = installation.binaries.version.split('.')[0];
  if (present === undefined) {
    await create(installation, folder, dataDir, password);
    return { dataDir, created: true };
  }
  if (present === wanted) return { dataDir, created: false };
  throw new LocalError(
    'POSTGRES_UNAVAILABLE',
    `${dataDir} was made by PostgreSQL ${present}, this is ${String(wanted)}: move it away, or start with --reset`,
  );
}

/** Moves a data directory whose password is gone out of the way, so that nothing is lost; returns where it lies now. */
export async function setAside(folder: string): Promise<string | undefined> {
  if ((await stat(join(folder, 'data')).catch(() => undefined)) === undefined) return undefined;
  const aside = join(folder, `set-aside-${randomBytes(6).toString('hex')}`);
  await rename(join(folder, 'data'), aside);
  return aside;
}

async function majorVersionIn(dataDir: string): Promise<string | undefined> {
  const found = await stat(dataDir).catch(() => undefined);
  if (found === undefined) return undefined;
  return (await readFile(join(dataDir, 'PG_VERSION'), 'utf8')).trim();
}

async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(UNFINISHED)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function create(
  { binaries, user }: Installation,
  folder: string,
  dataDir: string,
  password: string,
): Promise<void> {
  const suffix = randomBytes(6).toString('hex');
  const temporary = join(folder, `${UNFINISHED}${suffix}`);
  const passwordFile = join(folder, `${UNFINISHED}password-${suffix}`);
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
  try {
    if (user.ids !== undefined) await lchown(passwordFile, user.ids.uid, user.ids.gid);
    const made = await runCommand(join(binaries.native, 'bin', 'initdb'), initdbArgs(temporary, passwordFile), {
      ...user.ids,
      env: POSTGRES_ENVIRONMENT,
      cwd: folder,
      timeoutMs: 180_000,
    });
    if (!made.ok) throw new LocalError('POSTGRES_FAILED', `initdb failed: ${made.stderr.trim() || made.reason}`);
    await rename(temporary, dataDir);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(temporary, { recursive: true, force: true });
  }
}

// The builtin provider's C.UTF-8 does not change with the machine's libraries, so the data can move to another server.
function initdbArgs(dataDir: string, passwordFile: string): readonly string[] {
  return [
    `--pgdata=${dataDir}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--auth=scram-sha-256',
  ];
}
