import { migrateUrlFile, SERVICES, type Installation, type ServiceName } from '@countersign/installation';
import { LocalError } from '../local-error.js';
import { runCommand } from '../process/run-command.js';
import type { Folders } from './folders.js';

/** Runs what is missing of the migrations, as each service's own program does it. */
export async function migrateServices(
  folders: Folders,
  { file }: Pick<Installation, 'file'>,
  node: string,
): Promise<void> {
  await Promise.all(
    SERVICES.map(async (service) => {
      const env = { COUNTERSIGN_MIGRATE_URL_FILE: file(migrateUrlFile(service)) };
      const result = await runCommand(node, [programOf(folders, service), 'migrate'], { env });
      if (!result.ok)
        throw new LocalError(
          'MIGRATION_FAILED',
          `the schema of ${service} could not be brought up to date: ${result.reason}\n${result.stdout.slice(-1_000)}`,
        );
    }),
  );
}

/** The compiled program of a service. */
export function programOf(folders: Pick<Folders, 'project'>, service: ServiceName): string {
  return `${folders.project}/services/${service}/dist/main.js`;
}
