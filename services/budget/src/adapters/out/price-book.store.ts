import { Injectable } from '@nestjs/common';
import { formatInstant } from '@countersign/primitives';
import {
  priceBookRecordSchema,
  readModelKey,
  type PriceBookRecord,
  type PriceEntry,
  type Prices,
} from '@countersign/contracts';
import { Database, Outbox, type Tx } from '@countersign/store';
import { MAX_OWN_PRICES, MAX_PRICES, withInstallationPrices, withOwnPrices } from '../../domain/price-book.js';

interface BookRow {
  readonly version: bigint;
  readonly currency: string;
  readonly entries: readonly PriceEntry[];
  readonly at: Date;
}

/** There is no price book in which an organisation could have prices of its own, or it has no room for them. */
export class PricesRefused extends Error {
  readonly code = 'PRICES_REFUSED';
}

type Book = Pick<Prices, 'currency' | 'entries'>;

/** Immutable price books; the highest version is in force. */
@Injectable()
export class PriceBookStore {
  constructor(private readonly database: Database) {}

  /** Stores the next version with other prices of the installation; organisations keep their own. */
  async put(currency: string, entries: readonly PriceEntry[], actor: string): Promise<number> {
    return this.#next(actor, (last) => ({ currency, entries: withInstallationPrices(last?.entries ?? [], entries) }));
  }

  /** Stores the next version with other prices of one organisation, in the currency of the book. Throws {@link PricesRefused} before there is a book, and for more than {@link MAX_OWN_PRICES}. */
  async override(org: string, entries: readonly PriceEntry[], actor: string): Promise<number> {
    return this.#next(actor, (last) => {
      if (last === undefined)
        throw new PricesRefused('there is no price book yet that an organisation could differ from');
      if (entries.length > MAX_OWN_PRICES)
        throw new PricesRefused(
          `an organisation has room for ${MAX_OWN_PRICES} prices of its own, these are ${entries.length}`,
        );
      return { currency: last.currency, entries: withOwnPrices(last.entries, org, entries) };
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

  async #next(actor: string, change: (last: Book | undefined) => Book): Promise<number> {
    return this.database.installation(async (tx) => {
      await tx.query("select pg_advisory_xact_lock(hashtextextended('price book', 0))");
      const [last] = await tx.query<BookRow>(
        'select version, currency, entries, at from budget.price_book order by version desc limit 1',
      );
      const next = change(last);
      if (next.entries.length > MAX_PRICES)
        throw new PricesRefused(`a price book has room for ${MAX_PRICES} prices, this would be ${next.entries.length}`);
      return insert(tx, next, actor);
    });
  }
}

async function insert(tx: Tx, { currency, entries }: Book, actor: string): Promise<number> {
  const [row] = await tx.query<BookRow>(
    'insert into budget.price_book (version, currency, entries, actor) select coalesce(max(version), 0) + 1, $1, $2, $3 from budget.price_book returning version, currency, entries, at',
    [currency, JSON.stringify(entries), actor],
  );
  if (row === undefined) throw new Error('a price book was not stored');
  const record = recordOf(row);
  await Outbox.write(tx, 'budget', { key: readModelKey.prices(record.version), version: record.version, body: record });
  return record.version;
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
