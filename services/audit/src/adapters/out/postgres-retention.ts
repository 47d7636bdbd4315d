import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/store';
import { Retention, type Erased, type EraseRequest } from '../../application/ports.js';
import { epochFromNumber, epochNumber, type Epoch } from '../../domain/payload-epoch.js';
import { erasedDraft, prunedDraft, type EpochPayloads } from '../../domain/retention-entries.js';
import { PayloadKeys } from './payload-keys.js';
import { PostgresChains } from './postgres-chains.js';

const BATCH = 200;

interface CountRow {
  readonly org_id: string;
  readonly payloads: bigint;
  readonly first_seq: bigint;
  readonly last_seq: bigint;
}

/** The end of payloads in PostgreSQL. The database itself refuses to drop or erase what no entry of the chain speaks of. */
@Injectable()
export class PostgresRetention extends Retention {
  constructor(
    private readonly database: Database,
    private readonly chains: PostgresChains,
    private readonly keys: PayloadKeys,
  ) {
    super();
  }

  async prepare(epoch: Epoch): Promise<void> {
    await this.keys.openEpoch(epoch);
    const orgs = await this.database.system((tx) =>
      tx.query<{ readonly org_id: string }>('select org_id from audit.head'),
    );
    for (let i = 0; i < orgs.length; i += BATCH)
      await this.keys.make(
        epoch,
        orgs.slice(i, i + BATCH).map((row) => row.org_id),
      );
  }

  async epochs(): Promise<readonly Epoch[]> {
    const rows = await this.database.system((tx) =>
      tx.query<{ readonly epoch: number }>(
        `select replace(c.relname, 'payload_', '')::int as epoch from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'audit.payload'::regclass order by 1`,
      ),
    );
    return rows.map((row) => epochFromNumber(row.epoch));
  }

  async prune(epoch: Epoch, now: number): Promise<number> {
    const gone = await this.#payloadsOf(epoch);
    for (let i = 0; i < gone.length; i += BATCH)
      await this.chains.append(gone.slice(i, i + BATCH).map((payloads) => prunedDraft(payloads, now)));
    const [row] = await this.database.installation((tx) =>
      tx.query<{ readonly rows: bigint }>('select audit.prune_payload($1) as rows', [epochNumber(epoch)]),
    );
    return Number(row?.rows ?? 0n);
  }

  async erase({ org, epoch, reason, actor, now }: EraseRequest): Promise<Erased | undefined> {
    const number = epochNumber(epoch);
    const [key] = await this.database.tenant(org, (tx) =>
      tx.query<{ readonly payloads: bigint }>(
        'select (select count(*) from audit.payload p where p.org_id = k.org_id and p.epoch = k.epoch) as payloads from audit.payload_key k where k.org_id = $1 and k.epoch = $2',
        [org, number],
      ),
    );
    if (key === undefined) return undefined;
    const payloads = Number(key.payloads);
    const draft = erasedDraft(org, epoch, { payloads, reason, actor }, now);
    const [record] = await this.chains.appendWith([draft], async (tx) => {
      await tx.query('select audit.erase_key($1, $2)', [org, number]);
    });
    this.keys.forget();
    return record === undefined ? undefined : { record, payloads };
  }

  async #payloadsOf(epoch: Epoch): Promise<readonly EpochPayloads[]> {
    const rows = await this.database.system((tx) =>
      tx.query<CountRow>(
        'select org_id, count(*) as payloads, min(position) as first_seq, max(position) as last_seq from audit.payload where epoch = $1 group by org_id order by org_id',
        [epochNumber(epoch)],
      ),
    );
    return rows.map((row) => ({
      org: row.org_id,
      epoch,
      payloads: Number(row.payloads),
      firstSeq: Number(row.first_seq),
      lastSeq: Number(row.last_seq),
    }));
  }
}
