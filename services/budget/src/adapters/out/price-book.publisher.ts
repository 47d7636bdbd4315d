import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { priceBookRecordSchema, readModelKey, type PriceBookRecord } from '@countersign/contracts';
import { Bus, Publisher } from '@countersign/bus';
import { SigningKey } from '@countersign/identity';
import { OwnedReadModel } from '@countersign/service-host';
import { Database } from '@countersign/store';
import { Logger } from '@countersign/telemetry';
import { PriceBookStore } from './price-book.store.js';

/** Publishes CFG_budget. */
@Injectable()
export class PriceBookPublisher implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #model: OwnedReadModel<PriceBookRecord>;

  constructor(
    bus: Bus,
    publisher: Publisher,
    key: SigningKey,
    clock: Clock,
    database: Database,
    store: PriceBookStore,
    logger: Logger,
  ) {
    const records = async (): Promise<[string, PriceBookRecord][]> =>
      (await store.all()).map((record) => [readModelKey.prices(record.version), record]);
    this.#model = new OwnedReadModel({
      owner: 'budget',
      schema: priceBookRecordSchema,
      bus,
      publisher,
      key,
      clock,
      database,
      logger,
      records,
    });
  }

  /** Publishes what is committed now. */
  async now(): Promise<void> {
    await this.#model.now();
  }

  onApplicationBootstrap(): void {
    this.#model.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#model.stop();
  }
}
