import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { createRoles, Database, migrate, type Migration } from '@countersign/store';
import { silentLogger } from '../logger.js';
import { testCluster, type TestCluster } from './cluster.js';

/** A database of one test file, with the roles and the migrated schema of one service. */
export interface TestDatabase {
  readonly name: string;
  /** As `<service>_app`. */
  readonly appUrl: string;
  /** As `<service>_migrate`. */
  readonly migrateUrl: string;
  /** As superuser: for looking past row-level security, and for nothing a service would do. */
  readonly superUrl: string;
  /** Opens the product's own door with the role of the service. {@link drop} closes it. */
  open(options?: { readonly max?: number }): Promise<Database>;
  /** One statement as superuser. */
  asSuper<R extends object = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<R[]>;
  /** Closes what {@link open} opened and removes the database. */
  drop(): Promise<void>;
}

/** A new database in the run's cluster, copied from a template that was migrated once per run. */
export async function testDatabase(service: string, migrations: readonly Migration[]): Promise<TestDatabase> {
  const cluster = await testCluster();
  const template = await migratedTemplate(cluster, service, migrations);
  const name = `${service}_${randomBytes(6).toString('hex')}`;
  await withClient(cluster.superUrl, (client) => client.query(`create database ${name} template ${template}`));
  return handle(cluster, service, name);
}

function handle(cluster: TestCluster, service: string, name: string): TestDatabase {
  const opened: Database[] = [];
  const superUrl = databaseUrl(cluster.superUrl, name);
  const appUrl = roleUrl(cluster, `${service}_app`, name);
  return {
    name,
    appUrl,
    migrateUrl: roleUrl(cluster, `${service}_migrate`, name),
    superUrl,
    open: async (options = {}) => {
      const database = await Database.open({ url: appUrl, service, logger: silentLogger(service), ...options });
      opened.push(database);
      return database;
    },
    asSuper: <R extends object>(sql: string, params: readonly unknown[] = []) =>
      withClient(superUrl, async (client) => (await client.query<R>(sql, [...params])).rows),
    drop: async () => {
      await Promise.allSettled(opened.splice(0).map((database) => database.close()));
      await withClient(cluster.superUrl, (client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}

/** Roles belong to the whole cluster and a template is made once, so only one worker at a time may look and make. */
async function migratedTemplate(
  cluster: TestCluster,
  service: string,
  migrations: readonly Migration[],
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(migrations)).digest('hex').slice(0, 12);
  const template = `template_${service}_${hash}`;
  await withClient(cluster.superUrl, async (client) => {
    await client.query("select pg_advisory_lock(hashtextextended('templates', 0))");
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1 and datistemplate', [
      template,
    ]);
    if (rowCount !== 0) return;
    await client.query(`drop database if exists ${template} with (force)`);
    await client.query(`create database ${template}`);
    await createRoles(databaseUrl(cluster.superUrl, template), service, {
      app: cluster.password,
      migrate: cluster.password,
    });
    await migrate({ url: roleUrl(cluster, `${service}_migrate`, template), service, migrations });
    await client.query(`alter database ${template} is_template true`);
  });
  return template;
}

function databaseUrl(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

function roleUrl({ address, password }: TestCluster, role: string, database: string): string {
  return `postgres://${role}:${password}@${address}/${database}`;
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
