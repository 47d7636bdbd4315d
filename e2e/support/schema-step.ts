import { readFileSync } from 'node:fs';
import type { ServiceName } from '@countersign/local';
import type { RunningSystem } from './running-system.js';
import pg from 'pg';

/** A migration that only a journey knows, run as a release would run it: by the service's own migration role, as the schema's owner, noted in its table of migrations. */
export async function migrateStep(
  { system }: Pick<RunningSystem, 'system'>,
  service: ServiceName,
  step: { readonly name: string; readonly statements: readonly string[] },
): Promise<void> {
  const url = readFileSync(system.installation.file(`migrate-${service}.url`), 'utf8');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`set role ${service}_owner`);
    await client.query(`set lock_timeout = '3s'`);
    await client.query('begin');
    for (const statement of step.statements) await client.query(statement);
    await client.query(
      `insert into ${service}.migration (position, name, checksum) select count(*), $1, 'of a journey' from ${service}.migration`,
      [step.name],
    );
    await client.query('commit');
  } finally {
    await client.end();
  }
}

/** A table of each service that its hot path reads or writes: it gets a column and loses it. */
export const GROWING_TABLE: Record<ServiceName, string> = {
  registry: 'agent',
  policy: 'document',
  guardrails: 'guardrail_set',
  trust: 'observation',
  budget: 'reservation',
  audit: 'entry',
  dispatcher: 'task',
};
