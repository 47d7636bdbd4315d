import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { become } from '../programs.js';
import { SERVICE_ROLES } from '../roles.js';
import { UsageError } from '../usage-error.js';

/** Brings the schemas of the named services up to date, all when none is named, one after another; the first that fails ends it. */
export async function run(args: readonly string[]): Promise<void> {
  const services = args.length === 0 ? SERVICE_ROLES : args.map(serviceNamed);
  for (const [service, file] of services.map((name) => [name, urlFileOf(name, services.length)] as const)) {
    process.env['COUNTERSIGN_MIGRATE_URL_FILE'] = file;
    await become(service, ['migrate']);
  }
}

function serviceNamed(name: string): (typeof SERVICE_ROLES)[number] {
  const service = SERVICE_ROLES.find((known) => known === name);
  if (service === undefined)
    throw new UsageError(
      `there is no service ${JSON.stringify(name)} to migrate; right would be ${SERVICE_ROLES.join(', ')}`,
    );
  return service;
}

/** `COUNTERSIGN_MIGRATE_URL_DIR` holds a file for each; for one service its file may be named itself. */
function urlFileOf(service: string, count: number): string {
  const { COUNTERSIGN_MIGRATE_URL_DIR: folder, COUNTERSIGN_MIGRATE_URL_FILE: only } = process.env;
  if (folder === undefined && count === 1 && only !== undefined) return only;
  if (folder === undefined)
    throw new UsageError(
      'COUNTERSIGN_MIGRATE_URL_DIR: is missing; right would be a folder with a file migrate-<service>.url for each',
    );
  const file = join(folder, `migrate-${service}.url`);
  if (!existsSync(file)) throw new UsageError(`COUNTERSIGN_MIGRATE_URL_DIR: the file ${file} is not there`);
  return file;
}
