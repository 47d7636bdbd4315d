import pg from 'pg';
import { sha256 } from '@countersign/primitives';
import { SchemaMismatch } from './errors.js';
import type { Database } from './database.js';

/** One step of a schema. Its text never changes once it was released: a checksum tells. */
export interface Migration {
  /** `<yyyymmddhhmm>-<what>`; migrations run in the order of the array. */
  readonly name: string;
  readonly statements: readonly string[];
}

/** Statements that make a table one of tenants: forced row-level security with one policy over the organisations of the transaction. */
export function tenantTable(service: string, table: string, grants = 'select, insert, update, delete'): string[] {
  const name = `${service}.${table}`;
  const mine = `org_id = any ((select current_setting('app.org_ids')::uuid[])::uuid[])`;
  return [
    `alter table ${name} enable row level security`,
    `alter table ${name} force row level security`,
    `create policy tenant on ${name} for all to ${service}_app using (${mine}) with check (${mine})`,
    `grant ${grants} on ${name} to ${service}_app`,
  ];
}

/** Statements that open a tenant table to the service's system role, which sees every organisation. */
export function systemAccess(service: string, table: string, grants: string): string[] {
  const name = `${service}.${table}`;
  return [
    `create policy system on ${name} for all to ${service}_system using (true) with check (true)`,
    `grant ${grants} on ${name} to ${service}_system`,
  ];
}

/** How migrations are run. `url` is of the role `<service>_migrate`. */
export interface MigrateOptions {
  readonly url: string;
  readonly service: string;
  readonly migrations: readonly Migration[];
  /** How long a migration waits for a lock before it lets the services through and tries again; 3 s unless told. */
  readonly lockTimeoutMs?: number;
}

const LOCK_TIMEOUT_MS = 3_000;
const LOCK_ATTEMPTS = 10;
const LOCK_NOT_AVAILABLE = '55P03';

const checksumOf = (migration: Migration): string => sha256(migration.statements.join(';\n')).toString('hex');

/** Runs what is missing, each migration in one transaction as the schema's owner, one runner at a time. Refuses a changed or unknown migration. */
export async function migrate(options: MigrateOptions): Promise<readonly string[]> {
  const { url, service, migrations, lockTimeoutMs = LOCK_TIMEOUT_MS } = options;
  const client = new pg.Client({ connectionString: url, application_name: `${service}-migrate` });
  // what was asked for rejects; without a listener the loss of the connection would end the process
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [`migrate ${service}`]);
    await client.query(`set role ${service}_owner`);
    await client.query("select set_config('lock_timeout', $1, false)", [`${String(lockTimeoutMs)}ms`]);
    await client.query(
      `create table if not exists ${service}.migration (position int primary key, name text not null unique, checksum text not null, at timestamptz not null default clock_timestamp())`,
    );
    await client.query(`grant select on ${service}.migration to ${service}_app`);
    const { rows } = await client.query<Applied>(
      `select position, name, checksum from ${service}.migration order by position`,
    );
    refuseDifferences(service, rows, migrations);
    for (const [position, migration] of migrations.entries()) {
      if (position >= rows.length) await applyPatiently(client, service, { position, migration });
    }
    return migrations.slice(rows.length).map((m) => m.name);
  } finally {
    await client.end();
  }
}

interface Applied {
  readonly position: number;
  readonly name: string;
  readonly checksum: string;
}

interface Step {
  readonly position: number;
  readonly migration: Migration;
}

async function applyPatiently(client: pg.Client, service: string, step: Step): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await apply(client, service, step);
    } catch (error) {
      const locked = error instanceof pg.DatabaseError && error.code === LOCK_NOT_AVAILABLE;
      if (locked && attempt < LOCK_ATTEMPTS) continue;
      const reason = error instanceof Error ? error.message : 'unknown error';
      throw new SchemaMismatch(`migration ${step.migration.name} of ${service} failed: ${reason}`, { cause: error });
    }
  }
}

async function apply(client: pg.Client, service: string, { position, migration }: Step): Promise<void> {
  await client.query('begin');
  try {
    for (const statement of migration.statements) await client.query(statement);
    await client.query(`insert into ${service}.migration (position, name, checksum) values ($1, $2, $3)`, [
      position,
      migration.name,
      checksumOf(migration),
    ]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

function refuseDifferences(service: string, applied: readonly Applied[], migrations: readonly Migration[]): void {
  for (const [i, row] of applied.entries()) {
    const migration = migrations[i];
    if (migration === undefined)
      throw new SchemaMismatch(`schema ${service} has migration ${row.name}, which this program does not know`);
    if (row.name !== migration.name || row.checksum !== checksumOf(migration))
      throw new SchemaMismatch(`migration ${row.name} of ${service} was changed after it ran`);
  }
}

/** Says whether the schema is at least at the version that this program needs; services only look and wait. */
export async function schemaReady(database: Database, migrations: readonly Migration[]): Promise<boolean> {
  const rows = await database.installation((tx) =>
    tx.query<Applied>(`select position, name, checksum from ${database.service}.migration order by position`),
  );
  return migrations.every(
    (migration, i) => rows[i]?.name === migration.name && rows[i].checksum === checksumOf(migration),
  );
}
