import { Injectable } from '@nestjs/common';
import { priceBookRecordSchema, readModelKey, type PriceBookRecord } from '@countersign/contracts';
import { PublicationParts, ReadModelPublication } from '@countersign/service-host';
import { PriceBookStore } from './price-book.store.js';

/** Publishes CFG_budget. */
@Injectable()
export class PriceBookPublisher extends ReadModelPublication<PriceBookRecord> {
  constructor(parts: PublicationParts, store: PriceBookStore) {
    super(parts, {
      owner: 'budget',
      schema: priceBookRecordSchema,
      records: async () => (await store.all()).map((record) => [readModelKey.prices(record.version), record] as const),
    });
  }
}
