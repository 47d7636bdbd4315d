import type { RegistryRecord } from '@countersign/contracts';
import { Outbox, type Database, type Tx } from '@countersign/store';
import { keyOf, RECORD_QUERIES, recordOf, type RecordKind, type RecordRow } from './records.js';

/** Which records a change is about; `epoch` as it is after the change. */
interface Changed {
  readonly where: string;
  readonly params: readonly unknown[];
  readonly epoch?: bigint;
}

/** Rows that others judge from: every change leaves its record in the outbox in the same transaction. */
export abstract class RecordStore {
  constructor(protected readonly database: Database) {}

  /** Current records that a condition selects. */
  async records(kind: RecordKind, where: string, params: readonly unknown[]): Promise<readonly RegistryRecord[]> {
    const rows = await this.database.system((tx) =>
      tx.query<RecordRow>(`${RECORD_QUERIES[kind]} where ${where}`, params),
    );
    return rows.map((row) => recordOf(kind, row));
  }

  /** Runs a change and leaves the records that it is about in the outbox; answers the new epoch, 0 where there is none. */
  protected async change(org: string, kind: RecordKind, run: (tx: Tx) => Promise<Changed>): Promise<number> {
    const change = async (tx: Tx): Promise<number> => {
      const { where, params, epoch } = await run(tx);
      await this.publish(tx, kind, where, params);
      return Number(epoch ?? 0n);
    };
    // a connection stands between two organisations, and its record shows the share, which is the other one's
    return kind === 'connection' ? this.database.system(change) : this.database.tenant(org, change);
  }

  /** Leaves records in the outbox as they are now. */
  protected async publish(tx: Tx, kind: RecordKind, where: string, params: readonly unknown[]): Promise<void> {
    const rows = await tx.query<RecordRow>(`${RECORD_QUERIES[kind]} where ${where}`, params);
    for (const row of rows) {
      const record = recordOf(kind, row);
      await Outbox.write(tx, 'registry', { key: keyOf(record), version: record.version, body: record });
    }
  }
}
