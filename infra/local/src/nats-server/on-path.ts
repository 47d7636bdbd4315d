import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { passedOver, type SourceContext, type SourceOutcome } from './source.js';
import { isAtLeast, MINIMUM_VERSION, versionOf } from './version.js';

/** Every program of this name on PATH, first come first. */
export function programsOnPath(name: string, env: NodeJS.ProcessEnv): readonly string[] {
  const folders = (env['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  return [...new Set(folders)].map((folder) => join(folder, name)).filter(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The first nats-server on PATH in a good version. */
export async function fromPath({ env }: SourceContext): Promise<SourceOutcome> {
  const reasons: string[] = [];
  for (const path of programsOnPath('nats-server', env)) {
    const version = await versionOf(path);
    if (version !== undefined && isAtLeast(version, MINIMUM_VERSION)) {
      return { kind: 'found', binary: { path, version, source: 'path' } };
    }
    const what = version === undefined ? 'does not tell its version' : `is version ${version}`;
    reasons.push(`${path} ${what}; at least ${MINIMUM_VERSION} is needed`);
  }
  return passedOver(reasons.length === 0 ? 'no nats-server is on PATH' : reasons.join('; '));
}
