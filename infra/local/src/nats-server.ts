import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { withFileLock } from '../bin/shared/file-lock.mjs';
import { LocalError, reasonOf } from './local-error.js';
import { fromCache } from './nats-server/cache.js';
import { fromGo } from './nats-server/go-install.js';
import { fromPath } from './nats-server/on-path.js';
import { fromRelease, OFFICIAL_RELEASES } from './nats-server/release-archive.js';
import { passedOver, type NatsServerBinary, type SourceContext, type SourceOutcome } from './nats-server/source.js';
import { fromSystemPackage } from './nats-server/system-package.js';
import { MINIMUM_VERSION, PINNED_VERSION } from './nats-server/version.js';

export interface ObtainNatsServerOptions {
  /** Keeps what was fetched, `.countersign/cache`. */
  readonly cacheDir: string;
  /** Base URL of the release archives; else COUNTERSIGN_NATS_RELEASES, else the project's own. */
  readonly releases?: string;
  /** Of the process by default; PATH and COUNTERSIGN_NATS_RELEASES are read from it. */
  readonly env?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
  readonly arch?: string;
  /** Hears what takes time, while it is happening. */
  readonly report?: (line: string) => void;
  /** Sources to try, in the order of the promise below; all of them by default. */
  readonly sources?: readonly ('path' | 'cache' | 'go' | 'release' | 'system-package')[];
}

export interface ObtainedNatsServer extends NatsServerBinary {
  /** Sentences: what was tried before and why it was passed over. */
  readonly passedOver: readonly string[];
}

const EVERY_SOURCE = ['path', 'cache', 'go', 'release', 'system-package'] as const;
type SourceName = (typeof EVERY_SOURCE)[number];

/**
 * A nats-server that is new enough: on PATH; else fetched before; else built by Go; else the official release, checked
 * against its SHA256SUMS; else the system's package, unpacked aside. Rejects with `NATS_SERVER_UNAVAILABLE` and what to
 * do. Nothing half fetched or unchecked ever stays where it could be used. Callers may run in parallel.
 */
export async function obtainNatsServer(options: ObtainNatsServerOptions): Promise<ObtainedNatsServer> {
  const context = contextOf(options);
  const wanted = EVERY_SOURCE.filter((name) => options.sources?.includes(name) ?? true);
  const base = options.releases ?? context.env['COUNTERSIGN_NATS_RELEASES'] ?? OFFICIAL_RELEASES;
  const reasons: string[] = [];
  const search = async (names: readonly SourceName[]): Promise<NatsServerBinary | undefined> => {
    for (const name of names) {
      const outcome = await trySource(name, context, base);
      if (outcome.kind === 'found') return outcome.binary;
      reasons.push(`${TITLES[name]}: ${outcome.reason}`);
    }
    return undefined;
  };
  const present = await search(wanted.filter((name) => name === 'path' || name === 'cache'));
  if (present !== undefined) return { ...present, passedOver: reasons };
  const fetched = await fetchOnce(context, () => search(wanted.filter((name) => name !== 'path' && name !== 'cache')));
  if (fetched !== undefined) return { ...fetched, passedOver: reasons };
  throw new LocalError('NATS_SERVER_UNAVAILABLE', advice(context, reasons));
}

const TITLES: Readonly<Record<SourceName, string>> = {
  path: 'on PATH',
  cache: 'fetched before',
  go: 'built by Go',
  release: 'official release',
  'system-package': "the system's package",
};

/** One process fetches, the others wait for it and find the result in the cache. */
async function fetchOnce(
  context: SourceContext,
  fetchNow: () => Promise<NatsServerBinary | undefined>,
): Promise<NatsServerBinary | undefined> {
  await mkdir(context.cacheDir, { recursive: true });
  const tellWait = (pid: number): void => context.report(`process ${String(pid)} is fetching nats-server, waiting`);
  const locked = async (): Promise<NatsServerBinary | undefined> => {
    const cached = await fromCache(context);
    return cached.kind === 'found' ? cached.binary : fetchNow();
  };
  return withFileLock(join(context.cacheDir, 'nats-server.lock'), locked, tellWait);
}

async function trySource(name: SourceName, context: SourceContext, base: string): Promise<SourceOutcome> {
  try {
    return await sourceNamed(name, context, base);
  } catch (error) {
    return passedOver(reasonOf(error));
  }
}

function sourceNamed(name: SourceName, context: SourceContext, base: string): Promise<SourceOutcome> {
  const sources = { path: fromPath, cache: fromCache, go: fromGo, 'system-package': fromSystemPackage };
  return name === 'release' ? fromRelease(context, base) : sources[name](context);
}

function contextOf(options: ObtainNatsServerOptions): SourceContext {
  return {
    cacheDir: resolve(options.cacheDir),
    env: options.env ?? process.env,
    platform: options.platform ?? process.platform,
    arch: options.arch ?? process.arch,
    report: options.report ?? (() => undefined),
  };
}

function advice({ platform }: SourceContext, reasons: readonly string[]): string {
  const easiest = platform === 'darwin' ? 'run "brew install nats-server"' : 'install Go (https://go.dev/dl/)';
  return [
    `no nats-server of version ${MINIMUM_VERSION} or newer could be found or fetched:`,
    ...reasons.map((reason) => `  - ${reason}`),
    `do one of these and start again: ${easiest}; or put a nats-server ${PINNED_VERSION} on PATH`,
    `(its release archives: https://github.com/nats-io/nats-server/releases); or set COUNTERSIGN_NATS_RELEASES to a`,
    'mirror of them. Behind a proxy set HTTPS_PROXY.',
  ].join('\n');
}
