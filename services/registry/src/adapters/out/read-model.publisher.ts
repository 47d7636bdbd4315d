import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { registryRecordSchema, type RegistryRecord } from '@countersign/contracts';
import { Bus, Publisher, ReadModelWriter } from '@countersign/bus';
import { SigningKey } from '@countersign/identity';
import { Database, Outbox } from '@countersign/store';
import { Logger } from '@countersign/telemetry';
import { RegistryPublication } from '../../application/publication.js';
import { keyOf, type RecordKind } from './records.js';
import { RegistryStore } from './registry.store.js';

const RECONCILE_EVERY_MS = 60_000;
const TICK_EVERY_MS = 1_000;
/** With anything older than this waiting, rows and bucket do not agree and no tick is given. */
const MAX_PENDING_MS = 2_000;
const KINDS: readonly RecordKind[] = ['org', 'agent', 'connection', 'install'];

/** Publishes CFG_registry from the outbox, compares rows with the bucket at start and every minute, and ticks once a second while they agree. */
@Injectable()
export class ReadModelPublisher extends RegistryPublication implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #writer: ReadModelWriter<RegistryRecord>;
  readonly #outbox: Outbox;
  #timers: NodeJS.Timeout[] = [];
  #compared = false;

  constructor(
    bus: Bus,
    publisher: Publisher,
    key: SigningKey,
    clock: Clock,
    database: Database,
    private readonly store: RegistryStore,
    private readonly logger: Logger,
  ) {
    super();
    this.#writer = new ReadModelWriter({ bus, publisher, key, clock, owner: 'registry', schema: registryRecordSchema });
    this.#outbox = new Outbox({
      database,
      publish: (record) => this.#writer.put(record.key, registryRecordSchema.parse(record.body)),
      onError: (error) => logger.warn('the read model could not be published', { error }),
    });
  }

  async now(): Promise<void> {
    await this.#outbox.kick();
  }

  onApplicationBootstrap(): void {
    this.#outbox.start();
    void this.#reconcile();
    this.#timers = [setInterval(() => void this.#reconcile(), RECONCILE_EVERY_MS).unref(), setInterval(() => void this.#tick(), TICK_EVERY_MS).unref()];
  }

  async onApplicationShutdown(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#outbox.stop();
  }

  /** Compares every row with the bucket and puts what is missing or older: level-triggered, so it repairs whatever was lost. */
  async #reconcile(): Promise<void> {
    try {
      const held = await this.#writer.current(true);
      for (const kind of KINDS) {
        for (const record of await this.store.records(kind, 'true', [])) {
          const key = keyOf(record);
          if ((held.get(key)?.version ?? 0) < record.version) await this.#writer.put(key, record);
        }
      }
      if (!this.#compared) await this.#firstTick();
    } catch (error) {
      this.#compared = false;
      this.logger.warn('rows and bucket could not be compared', { error });
      setTimeout(() => void this.#reconcile(), TICK_EVERY_MS).unref();
    }
  }

  async #firstTick(): Promise<void> {
    this.#compared = true;
    await this.#tick();
  }

  async #tick(): Promise<void> {
    try {
      if (this.#compared && (await this.#outbox.oldestPendingMs()) <= MAX_PENDING_MS) await this.#writer.tick();
    } catch (error) {
      this.logger.warn('no tick could be given', { error });
    }
  }
}
