import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { Bus, Publisher, type Versioned } from '@countersign/bus';
import { SigningKey, TrustBundle } from '@countersign/identity';
import { Database } from '@countersign/store';
import { Logger } from '@countersign/telemetry';
import { OwnedReadModel, type OwnedReadModelParts } from './owned-read-model.js';

/** What every owner publishes its read model with; injected. */
@Injectable()
export class PublicationParts {
  constructor(
    readonly bus: Bus,
    readonly publisher: Publisher,
    readonly key: SigningKey,
    readonly bundle: TrustBundle,
    readonly clock: Clock,
    readonly database: Database,
    readonly logger: Logger,
  ) {}
}

/** A service's own read model over the life of the process: begins with it and ends with it. The service says whose it is and what the records are. */
export abstract class ReadModelPublication<T extends Versioned>
  implements OnApplicationBootstrap, OnApplicationShutdown
{
  readonly #model: OwnedReadModel<T>;

  constructor(parts: PublicationParts, own: Pick<OwnedReadModelParts<T>, 'owner' | 'schema' | 'records'>) {
    const { bus, publisher, key, bundle, clock, database, logger } = parts;
    this.#model = new OwnedReadModel({ bus, publisher, key, bundle, clock, database, logger, ...own });
  }

  /** Publishes what is committed now; rejects when NATS does not take it (it is tried again by itself). */
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
