import { Injectable } from '@nestjs/common';
import type { Evaluation } from '@countersign/contracts';
import { Database } from '@countersign/store';
import { evaluationText, RecordLookup } from '../../application/ports.js';

interface DecisionRow {
  readonly org: string;
  readonly agent: string;
  readonly task: string;
  readonly attempt: number;
  readonly round: number;
  readonly header: Buffer;
}

/** Looks into chains in PostgreSQL. */
@Injectable()
export class PostgresRecordLookup extends RecordLookup {
  constructor(private readonly database: Database) {
    super();
  }

  async organizations(): Promise<readonly string[]> {
    const rows = await this.database.system((tx) =>
      tx.query<{ readonly org_id: string }>('select org_id from audit.head order by org_id'),
    );
    return rows.map((row) => row.org_id);
  }

  async decisions(evaluations: readonly Evaluation[]): Promise<ReadonlyMap<string, string>> {
    const orgs = [...new Set(evaluations.map(({ key }) => key.org))].sort();
    const rows = await this.database.tenants(orgs, (tx) =>
      tx.last<DecisionRow>(
        `select w.org, w.agent, w.task, w.attempt, w.round, e.header
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::int[]) as w(org, agent, task, attempt, round)
         join audit.entry e on e.org_id = w.org and e.agent_id = w.agent and e.task_id = w.task and e.attempt = w.attempt and e.round = w.round and e.type = 'decided'`,
        [
          evaluations.map(({ key }) => key.org),
          evaluations.map(({ key }) => key.agent),
          evaluations.map(({ key }) => key.task),
          evaluations.map(({ attempt }) => attempt),
          evaluations.map(({ round }) => round),
        ],
      ),
    );
    return new Map(
      rows.map(({ org, agent, task, attempt, round, header }) => [
        evaluationText({ key: { org, agent, task }, attempt, round }),
        header.toString('utf8'),
      ]),
    );
  }
}
