import { createRoles } from '@countersign/store';
import pg from 'pg';
import { runCommand } from '../process/run-command.js';
import { LocalError } from '../local-error.js';
import { writeSecret, type Folders } from './folders.js';
import { SERVICES, type Installation, type ServiceName } from './installation.js';

const DATABASE = 'countersign';

/** Makes the database, every service's roles and schema, and runs what is missing of the migrations as each service's own program does it. */
export async function prepareDatabase(
  superUrl: string,
  {
    folders,
    installation,
    node,
  }: { readonly folders: Folders; readonly installation: Installation; readonly node: string },
): Promise<void> {
  await createDatabase(superUrl);
  const url = withDatabase(superUrl);
  for (const service of SERVICES) {
    await createRoles(url, service, installation.passwords[service]);
    writeSecret(
      installation.file(`database-${service}.url`),
      roleUrl(url, `${service}_app`, installation.passwords[service].app),
    );
    writeSecret(
      installation.file(`migrate-${service}.url`),
      roleUrl(url, `${service}_migrate`, installation.passwords[service].migrate),
    );
  }
  await Promise.all(SERVICES.map((service) => migrateService(service, { folders, installation, node })));
}

async function createDatabase(superUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: superUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

async function migrateService(
  service: ServiceName,
  {
    folders,
    installation,
    node,
  }: { readonly folders: Folders; readonly installation: Installation; readonly node: string },
): Promise<void> {
  const env = { COUNTERSIGN_MIGRATE_URL_FILE: installation.file(`migrate-${service}.url`) };
  const result = await runCommand(node, [programOf(folders, service), 'migrate'], { env });
  if (!result.ok)
    throw new LocalError(
      'MIGRATION_FAILED',
      `the schema of ${service} could not be brought up to date: ${result.reason}\n${result.stdout.slice(-1_000)}`,
    );
}

/** The compiled program of a service. */
export function programOf(folders: Pick<Folders, 'project'>, service: ServiceName): string {
  return `${folders.project}/services/${service}/dist/main.js`;
}

/** The product's database on the same server. */
export function withDatabase(superUrl: string): string {
  const url = new URL(superUrl);
  url.pathname = `/${DATABASE}`;
  return url.href;
}

function roleUrl(base: string, user: string, password: string): string {
  const url = new URL(base);
  url.username = user;
  url.password = password;
  return url.href;
}
