import { Injectable } from '@nestjs/common';
import { formatInstant } from '@countersign/primitives';
import { priceBookRecordSchema, readModelKey, type PriceBookRecord, type PriceEntry } from '@countersign/contracts';
import { Database, Outbox } from '@countersign/store';

interface BookRow {
  readonly version: bigint;
  readonly currency: string;
  readonly entries: readonly PriceEntry[];
  readonly at: Date;
}

function recordOf({ version, currency, entries, at }: BookRow): PriceBookRecord {
  return priceBookRecordSchema.parse({
    v: 1,
    version: Number(version),
    at: formatInstant(at.getTime()),
    kind: 'prices',
    currency,
    entries,
  });
}

/** Immutable price books; the highest version is in force. */
@Injectable()
export class PriceBookStore {
  constructor(private readonly database: Database) {}

  /** Stores the next version. */
  async put(currency: string, entries: readonly PriceEntry[], actor: string): Promise<number> {
    return this.database.installation(async (tx) => {
      await tx.query("select pg_advisory_xact_lock(hashtextextended('price book', 0))");
      const [row] = await tx.query<BookRow>(
        'insert into budget.price_book (version, currency, entries, actor) select coalesce(max(version), 0) + 1, $1, $2, $3 from budget.price_book returning version, currency, entries, at',
        [currency, JSON.stringify(entries), actor],
      );
      if (row === undefined) throw new Error('a price book was not stored');
      const record = recordOf(row);
      await Outbox.write(tx, 'budget', {
        key: readModelKey.prices(record.version),
        version: record.version,
        body: record,
      });
      return record.version;
    });
  }

  /** Every version, newest first. */
  async all(): Promise<readonly PriceBookRecord[]> {
    return (
      await this.database.installation((tx) =>
        tx.query<BookRow>('select version, currency, entries, at from budget.price_book order by version desc'),
      )
    ).map(recordOf);
  }
}
