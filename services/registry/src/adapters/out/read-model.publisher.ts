import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { registryRecordSchema, type RegistryRecord } from '@countersign/contracts';
import { Bus, Publisher } from '@countersign/bus';
import { SigningKey } from '@countersign/identity';
import { OwnedReadModel } from '@countersign/service-host';
import { Database } from '@countersign/store';
import { Logger } from '@countersign/telemetry';
import { RegistryPublication } from '../../application/publication.js';
import { keyOf, type RecordKind } from './records.js';
import { RegistryStore } from './registry.store.js';

const KINDS: readonly RecordKind[] = ['org', 'agent', 'connection', 'install'];

/** Publishes CFG_registry. */
@Injectable()
export class ReadModelPublisher extends RegistryPublication implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #model: OwnedReadModel<RegistryRecord>;

  constructor(
    bus: Bus,
    publisher: Publisher,
    key: SigningKey,
    clock: Clock,
    database: Database,
    store: RegistryStore,
    logger: Logger,
  ) {
    super();
    const records = async (): Promise<[string, RegistryRecord][]> => {
      const all = await Promise.all(KINDS.map((kind) => store.records(kind, 'true', [])));
      return all.flat().map((record) => [keyOf(record), record]);
    };
    this.#model = new OwnedReadModel({
      owner: 'registry',
      schema: registryRecordSchema,
      bus,
      publisher,
      key,
      clock,
      database,
      logger,
      records,
    });
  }

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
