import { Injectable } from '@nestjs/common';
import { formatInstant } from '@countersign/primitives';
import {
  guardrailSetRecordSchema,
  readModelKey,
  type Guardrail,
  type GuardrailSetRecord,
} from '@countersign/contracts';
import { Database, Outbox } from '@countersign/store';

interface SetRow {
  readonly org_id: string;
  readonly version: bigint;
  readonly guardrails: readonly Guardrail[];
  readonly at: Date;
}

function recordOf(row: SetRow): GuardrailSetRecord {
  return guardrailSetRecordSchema.parse({
    v: 1,
    version: Number(row.version),
    at: formatInstant(row.at.getTime()),
    kind: 'guardrails',
    org: row.org_id,
    guardrails: row.guardrails,
  });
}

/** Versions of guardrail sets in PostgreSQL. */
@Injectable()
export class GuardrailSetStore {
  constructor(private readonly database: Database) {}

  /** Stores the next version of an organisation's set. */
  async put(org: string, guardrails: readonly Guardrail[], actor: string): Promise<number> {
    return this.database.tenant(org, async (tx) => {
      await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`guardrails ${org}`]);
      const [row] = await tx.query<SetRow>(
        'insert into guardrails.guardrail_set (org_id, version, guardrails, actor) select $1, coalesce(max(version), 0) + 1, $2, $3 from guardrails.guardrail_set where org_id = $1 returning org_id, version, guardrails, at',
        [org, JSON.stringify(guardrails), actor],
      );
      if (row === undefined) throw new Error('a guardrail set was not stored');
      const record = recordOf(row);
      await Outbox.write(tx, 'guardrails', { key: readModelKey.org(org), version: record.version, body: record });
      return record.version;
    });
  }

  /** The set in force. */
  async show(org: string): Promise<GuardrailSetRecord | undefined> {
    const [row] = await this.database.tenant(org, (tx) =>
      tx.query<SetRow>(
        'select org_id, version, guardrails, at from guardrails.guardrail_set where org_id = $1 order by version desc limit 1',
        [org],
      ),
    );
    return row === undefined ? undefined : recordOf(row);
  }

  /** Every set in force. */
  async all(): Promise<readonly GuardrailSetRecord[]> {
    return (
      await this.database.system((tx) =>
        tx.query<SetRow>(
          'select distinct on (org_id) org_id, version, guardrails, at from guardrails.guardrail_set order by org_id, version desc',
        ),
      )
    ).map(recordOf);
  }
}
