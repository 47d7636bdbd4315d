import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { policyRecordSchema, type PolicyRecord } from '@countersign/contracts';
import { Bus, Publisher } from '@countersign/bus';
import { SigningKey } from '@countersign/identity';
import { OwnedReadModel } from '@countersign/service-host';
import { Database } from '@countersign/store';
import { Logger } from '@countersign/telemetry';
import { keyOf, PolicyStore } from './policy.store.js';

/** Publishes CFG_policy. */
@Injectable()
export class PolicyPublisher implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #model: OwnedReadModel<PolicyRecord>;

  constructor(
    bus: Bus,
    publisher: Publisher,
    key: SigningKey,
    clock: Clock,
    database: Database,
    store: PolicyStore,
    logger: Logger,
  ) {
    const records = async (): Promise<[string, PolicyRecord][]> =>
      (await store.all()).map((record) => [keyOf(record), record]);
    this.#model = new OwnedReadModel({
      owner: 'policy',
      schema: policyRecordSchema,
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
