import pg from 'pg';
import { sha256 } from '@countersign/primitives';
import { SchemaMismatch } from './errors.js';
import type { Database } from './database.js';

/** One step of a schema. Its text never changes once it was released: a checksum tells. */
export interface Migration {
  /** `<yyyymmddhhmm>-<what>`; migrations run in the order of the array. */
  readonly name: string;
  readonly statements: readonly string[];
  /**
   * Of a contract step: name of the migration, usually the expand step that this completes, that a program must know to run from here on. One that does not is not ready
   * any more. Absent: every program that ran before this step still runs after it, so that a release can roll, and roll back.
   */
  readonly needs?: string;
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

/** Compresses what is written to a column from now on by LZ4, which costs a tenth of the default; a server that was built without it keeps the default. */
export function compressWithLz4(service: string, table: string, column: string): string {
  const change = `alter table ${service}.${table} alter column ${column} set compression lz4`;
  return `do $do$ begin ${change}; exception when feature_not_supported or invalid_parameter_value then null; end $do$`;
}

/**
 * Statements that let ANALYZE read a tenth of the rows and nothing of some columns. By its own measure it reads 30,000 rows and sorts every column of up to 1 KiB in them, which on a table
 * that grows quickly happens every few seconds. Finding rows by an index needs an idea of the columns that it is looked up by, and none of the others.
 */
export function sampleLightly(
  service: string,
  table: string,
  { lookedUp, others }: { readonly lookedUp: readonly string[]; readonly others: readonly string[] },
): string[] {
  const set = (columns: readonly string[], target: number): readonly string[] =>
    columns.map((column) => `alter column ${column} set statistics ${target}`);
  return [`alter table ${service}.${table} ${[...set(lookedUp, 10), ...set(others, 0)].join(', ')}`];
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

/**
 * Runs what is missing, each migration in one transaction as the schema's owner, one runner at a time. Refuses a changed migration, and a schema that has gone too far for
 * this program; later steps that it can live with are left as they are.
 */
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
      `create table if not exists ${service}.migration (position int primary key, name text not null unique, checksum text not null, needs text, at timestamptz not null default clock_timestamp())`,
    );
    await client.query(`alter table ${service}.migration add column if not exists needs text`);
    await client.query(`grant select on ${service}.migration to ${service}_app`);
    const { rows } = await client.query<Applied>(
      `select position, name, checksum, needs from ${service}.migration order by position`,
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
  readonly needs: string | null;
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
    await client.query(`insert into ${service}.migration (position, name, checksum, needs) values ($1, $2, $3, $4)`, [
      position,
      migration.name,
      checksumOf(migration),
      migration.needs ?? null,
    ]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

function refuseDifferences(service: string, applied: readonly Applied[], migrations: readonly Migration[]): void {
  for (const row of applied.slice(0, migrations.length)) {
    const migration = migrations[row.position];
    if (row.name !== migration?.name || row.checksum !== checksumOf(migration))
      throw new SchemaMismatch(`migration ${row.name} of ${service} was changed after it ran`);
  }
  const step = beyond(applied, migrations);
  if (step !== undefined)
    throw new SchemaMismatch(
      `schema ${service} has migration ${step.name}, which only programs that know ${step.needs ?? 'it'} can run on; this one does not`,
    );
}

/** The first step that asks for a migration which the program does not know. */
function beyond(applied: readonly Applied[], migrations: readonly Migration[]): Applied | undefined {
  const known = new Set(migrations.map(({ name }) => name));
  return applied.find(({ needs }) => needs !== null && !known.has(needs));
}

/** How a schema stands to a program: it runs on `ready` only. `behind`: steps are missing or were changed; `ahead`: a later step asks for a newer program. */
export type SchemaState = 'ready' | 'behind' | 'ahead';

/** Compares the schema with what this program knows; services only look and wait. */
export async function schemaState(database: Database, migrations: readonly Migration[]): Promise<SchemaState> {
  // a schema that an earlier release has migrated last has no such column
  const rows = await database.installation((tx) =>
    tx.query<Applied>(
      `select position, name, checksum, to_jsonb(m) ->> 'needs' as needs from ${database.service}.migration m order by position`,
    ),
  );
  const complete = migrations.every(
    (migration, i) => rows[i]?.name === migration.name && rows[i].checksum === checksumOf(migration),
  );
  if (!complete) return 'behind';
  return beyond(rows, migrations) === undefined ? 'ready' : 'ahead';
}
