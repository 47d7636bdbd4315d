import { Injectable } from '@nestjs/common';
import { formatInstant } from '@countersign/primitives';
import {
  policyRecordSchema,
  readModelKey,
  type OrganizationPolicy,
  type Policy,
  type PolicyRecord,
  type PolicyScope,
} from '@countersign/contracts';
import { Database, Outbox, type Tx } from '@countersign/store';

interface DocumentRow {
  readonly org_id: string;
  readonly kind: PolicyScope['kind'];
  readonly scope_id: string;
  readonly version: bigint;
  readonly document: object;
  readonly actor: string;
  readonly at: Date;
}

/** The id that a scope's versions stand under. */
function scopeId(scope: PolicyScope): string {
  switch (scope.kind) {
    case 'org':
      return scope.org;
    case 'agent':
      return scope.agent;
    case 'connection':
      return scope.connection;
  }
}

/** The key of a record in the bucket. */
export function keyOf(record: PolicyRecord): string {
  switch (record.kind) {
    case 'org':
      return readModelKey.org(record.org);
    case 'agent':
      return readModelKey.agent(record);
    case 'connection':
      return readModelKey.connection(record.org, record.connection);
  }
}

function recordOf(row: DocumentRow): PolicyRecord {
  const head = {
    v: 1,
    version: Number(row.version),
    policyVersion: Number(row.version),
    author: row.actor,
    at: formatInstant(row.at.getTime()),
    kind: row.kind,
    org: row.org_id,
    document: row.document,
  };
  return policyRecordSchema.parse({ ...head, ...(row.kind === 'org' ? {} : { [row.kind]: row.scope_id }) });
}

/** Versions of policies in PostgreSQL; each new one leaves its record in the outbox in the same transaction. */
@Injectable()
export class PolicyStore {
  constructor(private readonly database: Database) {}

  /** Stores what `next` makes of the document in force; answers the new version. Two writers at once get two versions, one after the other. */
  async put(
    scope: PolicyScope,
    actor: string,
    next: (current: object | undefined) => Policy | OrganizationPolicy,
  ): Promise<number> {
    return this.database.tenant(scope.org, async (tx) => {
      const id = scopeId(scope);
      await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `policy ${scope.org} ${scope.kind} ${id}`,
      ]);
      const current = await newest(tx, scope);
      const [row] = await tx.query<DocumentRow>(
        'insert into policy.document (org_id, kind, scope_id, version, document, actor) values ($1, $2, $3, $4, $5, $6) returning org_id, kind, scope_id, version, document, actor, at',
        [scope.org, scope.kind, id, (current?.version ?? 0n) + 1n, JSON.stringify(next(current?.document)), actor],
      );
      if (row === undefined) throw new Error('a policy was not stored');
      const record = recordOf(row);
      await Outbox.write(tx, 'policy', { key: keyOf(record), version: record.version, body: record });
      return record.version;
    });
  }

  /** One version, or the one in force. */
  async show(scope: PolicyScope, version?: number): Promise<PolicyRecord | undefined> {
    const row = await this.database.tenant(scope.org, (tx) => newest(tx, scope, version));
    return row === undefined ? undefined : recordOf(row);
  }

  /** Every version in force, for comparing with the bucket. */
  async all(): Promise<readonly PolicyRecord[]> {
    const rows = await this.database.system((tx) =>
      tx.query<DocumentRow>(
        'select distinct on (org_id, kind, scope_id) org_id, kind, scope_id, version, document, actor, at from policy.document order by org_id, kind, scope_id, version desc',
      ),
    );
    return rows.map(recordOf);
  }
}

/** The version that is named, else the newest. */
async function newest(tx: Tx, scope: PolicyScope, version?: number): Promise<DocumentRow | undefined> {
  const [row] = await tx.query<DocumentRow>(
    'select org_id, kind, scope_id, version, document, actor, at from policy.document where org_id = $1 and kind = $2 and scope_id = $3 and ($4::bigint is null or version = $4) order by version desc limit 1',
    [scope.org, scope.kind, scopeId(scope), version ?? null],
  );
  return row;
}
