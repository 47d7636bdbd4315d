import { randomUUID } from 'node:crypto';
import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { passedOver, type NatsServerSourceName, type SourceContext, type SourceOutcome } from './source.js';
import { isAtLeast, MINIMUM_VERSION, PINNED_VERSION, versionOf } from './version.js';

/** Where the program lies once it has been fetched and checked. */
export function cachedProgram({ cacheDir, platform, arch }: SourceContext): string {
  return join(cacheDir, `nats-server-${PINNED_VERSION}-${platform}-${arch}`);
}

export async function fromCache(context: SourceContext): Promise<SourceOutcome> {
  const path = cachedProgram(context);
  if ((await stat(path).catch(() => undefined)) === undefined) return passedOver('none has been fetched before');
  const version = await versionOf(path);
  if (version !== undefined && isAtLeast(version, MINIMUM_VERSION)) {
    return { kind: 'found', binary: { path, version, source: 'cache' } };
  }
  return passedOver(`${path} does not run in a good version`);
}

/** Gives `work` a folder of its own inside the cache and removes it afterwards, whatever happened. */
export async function inTemporaryFolder<T>(cacheDir: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = join(cacheDir, `.fetching-${randomUUID()}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Puts a fetched program in its place, all at once, after it has shown that it runs and is new enough. */
export async function admit(
  program: string,
  source: NatsServerSourceName,
  context: SourceContext,
): Promise<SourceOutcome> {
  await chmod(program, 0o755);
  const version = await versionOf(program);
  if (version === undefined) return passedOver('what was fetched does not run on this machine');
  if (!isAtLeast(version, MINIMUM_VERSION)) return passedOver(`what was fetched is only version ${version}`);
  const file = await open(program, 'r');
  await file.sync().finally(() => file.close());
  const path = cachedProgram(context);
  await rename(program, path);
  return { kind: 'found', binary: { path, version, source } };
}
