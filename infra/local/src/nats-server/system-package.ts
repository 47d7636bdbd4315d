import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../process/run-command.js';
import { debianMirrors, type AptMirror } from './apt-sources.js';
import { admit, inTemporaryFolder } from './cache.js';
import { programsOnPath } from './on-path.js';
import { passedOver, type SourceContext, type SourceOutcome } from './source.js';
import { isAtLeast, MINIMUM_VERSION } from './version.js';

const PATIENCE_MS = 180_000;
/** The first Debian release with a new enough package; it runs on older ones too. */
const DEBIAN_SUITE = 'forky';
const PROGRAMS = ['usr/sbin/nats-server', 'usr/bin/nats-server'];

/** Debian's package, unpacked into the cache without installing anything: apt checks its signature as always. */
export async function fromSystemPackage(context: SourceContext): Promise<SourceOutcome> {
  const [apt] = programsOnPath('apt-get', context.env);
  if (apt === undefined) return passedOver(`the system's package manager offers none that could be used as it is`);
  const candidate = await candidateVersion();
  if (candidate !== undefined && isAtLeast(candidate, MINIMUM_VERSION)) {
    context.report(`fetching the system's package nats-server ${candidate}`);
    return inTemporaryFolder(context.cacheDir, (folder) => unpackPackage(apt, [], folder, context));
  }
  const own = candidate === undefined ? 'has no nats-server' : `has only ${candidate}`;
  const reasons = [`the system's package source ${own}`];
  for (const mirror of debianMirrors()) {
    context.report(`looking for nats-server in Debian ${DEBIAN_SUITE} at ${mirror.uri}`);
    const outcome = await inTemporaryFolder(context.cacheDir, (folder) => fromMirror(apt, mirror, folder, context));
    if (outcome.kind === 'found') return outcome;
    reasons.push(outcome.reason);
  }
  return passedOver(reasons.join('; '));
}

async function candidateVersion(): Promise<string | undefined> {
  const policy = await runCommand('apt-cache', ['policy', 'nats-server'], { env: { ...process.env, LC_ALL: 'C' } });
  const version = /Candidate:\s*(?:\d+:)?(\S+)/.exec(policy.stdout)?.[1];
  return version === '(none)' ? undefined : version;
}

async function fromMirror(
  apt: string,
  mirror: AptMirror,
  folder: string,
  context: SourceContext,
): Promise<SourceOutcome> {
  const options = await privateSources(mirror, folder);
  const updated = await runCommand(apt, [...options, 'update'], { timeoutMs: PATIENCE_MS });
  if (!updated.ok) return passedOver(`${mirror.uri} has no ${DEBIAN_SUITE}: ${updated.reason}`);
  return unpackPackage(apt, options, folder, context);
}

/** Lists, caches and sources in a folder of their own, so that the machine's package state stays as it is. */
async function privateSources({ uri, signedBy }: AptMirror, folder: string): Promise<readonly string[]> {
  await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
  await mkdir(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
  const key = signedBy === undefined ? '' : `[signed-by=${signedBy}] `;
  await writeFile(join(folder, 'sources.list'), `deb ${key}${uri} ${DEBIAN_SUITE} main\n`);
  const settings = [
    `Dir::Etc::sourcelist=${join(folder, 'sources.list')}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::Lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    'Acquire::Languages=none',
    // apt's own user may not enter the project's folder; what is fetched is checked against the signature either way.
    'APT::Sandbox::User=root',
  ];
  return settings.flatMap((setting) => ['-o', setting]);
}

async function unpackPackage(
  apt: string,
  options: readonly string[],
  folder: string,
  context: SourceContext,
): Promise<SourceOutcome> {
  const args = [...options, '-o', 'APT::Sandbox::User=root', 'download', 'nats-server'];
  const fetched = await runCommand(apt, args, { cwd: folder, timeoutMs: PATIENCE_MS });
  const file = (await readdir(folder)).find((name) => name.endsWith('.deb'));
  if (!fetched.ok || file === undefined) return passedOver(`apt-get download failed: ${fetched.reason}`);
  const unpacked = await runCommand('dpkg-deb', ['-x', join(folder, file), join(folder, 'package')]);
  if (!unpacked.ok) return passedOver(`${file} cannot be unpacked: ${unpacked.reason}`);
  const program = PROGRAMS.map((name) => join(folder, 'package', name)).find((path) => existsSync(path));
  return program === undefined ? passedOver(`${file} holds no program`) : admit(program, 'system-package', context);
}
