import pg from 'pg';
import { SCHEMA_RULES } from './schema-rules.js';

/** What a schema may do against a rule, because it has a reason that its migration tells: names as the audit names them. */
export interface SchemaAuditOptions {
  /** Unique keys over the whole installation. Only for what leaks nothing: random values, or names that the operator alone gives. */
  readonly except?: readonly string[];
}

/**
 * Looks at a migrated schema as PostgreSQL itself describes it and says, one sentence a finding, where it could show one
 * organisation to another or one service to another. Nothing found is an empty list.
 */
export async function schemaAudit(
  superUrl: string,
  schema: string,
  { except = [] }: SchemaAuditOptions = {},
): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: superUrl });
  await client.connect();
  try {
    const findings: string[] = [];
    for (const { says, sql } of SCHEMA_RULES) {
      const { rows } = await client.query<{ readonly name: string }>(sql, [schema]);
      const names = [...new Set(rows.map(({ name }) => name))].filter((name) => !except.includes(name)).sort();
      findings.push(...names.map((name) => `${schema}.${name}: ${says}`));
    }
    return findings;
  } finally {
    await client.end();
  }
}
