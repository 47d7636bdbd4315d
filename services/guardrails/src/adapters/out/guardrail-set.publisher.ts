import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { guardrailSetRecordSchema, readModelKey, type GuardrailSetRecord } from '@countersign/contracts';
import { Bus, Publisher } from '@countersign/bus';
import { SigningKey } from '@countersign/identity';
import { OwnedReadModel } from '@countersign/service-host';
import { Database } from '@countersign/store';
import { Logger } from '@countersign/telemetry';
import { GuardrailSetStore } from './guardrail-set.store.js';

/** Publishes CFG_guardrails. */
@Injectable()
export class GuardrailSetPublisher implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #model: OwnedReadModel<GuardrailSetRecord>;

  constructor(
    bus: Bus,
    publisher: Publisher,
    key: SigningKey,
    clock: Clock,
    database: Database,
    store: GuardrailSetStore,
    logger: Logger,
  ) {
    const records = async (): Promise<[string, GuardrailSetRecord][]> =>
      (await store.all()).map((record) => [readModelKey.org(record.org), record]);
    this.#model = new OwnedReadModel({
      owner: 'guardrails',
      schema: guardrailSetRecordSchema,
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
