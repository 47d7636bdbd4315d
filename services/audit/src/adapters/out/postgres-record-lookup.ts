import { Injectable } from '@nestjs/common';
import { eventIdOf, type Evaluation } from '@countersign/contracts';
import { Database } from '@countersign/store';
import { evaluationText, RecordLookup } from '../../application/ports.js';
import { DECIDED } from '../../domain/sixfold-release.js';
import { PostgresChains } from './postgres-chains.js';

/** The decision on an evaluation as it is filed. */
interface Filed {
  readonly text: string;
  readonly org: string;
  readonly id: string;
}

/** Looks into chains in PostgreSQL, and for decisions first into what this process appended to them a moment ago. */
@Injectable()
export class PostgresRecordLookup extends RecordLookup {
  constructor(
    private readonly database: Database,
    private readonly chains: PostgresChains,
  ) {
    super();
  }

  async organizations(): Promise<readonly string[]> {
    const rows = await this.database.system((tx) =>
      tx.query<{ readonly org_id: string }>('select org_id from audit.head order by org_id'),
    );
    return rows.map((row) => row.org_id);
  }

  async decisions(evaluations: readonly Evaluation[]): Promise<ReadonlyMap<string, string>> {
    const headers = new Map<string, string>();
    const unknown: Filed[] = [];
    for (const evaluation of evaluations) {
      const [text, org, id] = [evaluationText(evaluation), evaluation.key.org, eventIdOf(evaluation, DECIDED)];
      const header = this.chains.takeWritten(org, id);
      if (header === undefined) unknown.push({ text, org, id });
      else headers.set(text, header);
    }
    if (unknown.length > 0) for (const [text, header] of await this.#read(unknown)) headers.set(text, header);
    return headers;
  }

  async #read(decisions: readonly Filed[]): Promise<ReadonlyMap<string, string>> {
    const orgs = [...new Set(decisions.map(({ org }) => org))].sort();
    const rows = await this.database.tenants(orgs, (tx) =>
      tx.last<{ readonly text: string; readonly header: Buffer }>(
        `select w.text, e.header from unnest($1::text[], $2::uuid[], $3::uuid[]) as w(text, org_id, event_id)
         join audit.entry e using (org_id, event_id)`,
        [decisions.map(({ text }) => text), decisions.map(({ org }) => org), decisions.map(({ id }) => id)],
      ),
    );
    return new Map(rows.map(({ text, header }) => [text, header.toString('utf8')]));
  }
}
