import type { Clock } from '@countersign/primitives';
import type { ReadModelOwner } from '@countersign/contracts';
import { ReadModelWriter, type Bus, type Publisher, type Versioned } from '@countersign/bus';
import type { SigningKey, TrustBundle } from '@countersign/identity';
import { Outbox, type Database } from '@countersign/store';
import type { Logger } from '@countersign/telemetry';
import type { ZodType } from 'zod';

const RECONCILE_EVERY_MS = 60_000;
const TICK_EVERY_MS = 1_000;
/** With anything older than this waiting, rows and bucket do not agree and no tick is given. */
const MAX_PENDING_MS = 2_000;

/** What an owner publishes its read model with. */
export interface OwnedReadModelParts<T extends Versioned> {
  readonly owner: ReadModelOwner;
  readonly schema: ZodType<T>;
  readonly bus: Bus;
  readonly publisher: Publisher;
  readonly key: SigningKey;
  readonly bundle: TrustBundle;
  readonly clock: Clock;
  readonly database: Database;
  readonly logger: Logger;
  /** Every record as the rows say now, with its key. */
  readonly records: () => Promise<Iterable<readonly [key: string, record: T]>>;
}

/**
 * A service's own read model: publishes what its transactions left in the outbox, compares rows and bucket at start and every minute (so it repairs whatever was
 * lost), and ticks once a second while they agree and nothing in the outbox is old.
 */
export class OwnedReadModel<T extends Versioned> {
  readonly #writer: ReadModelWriter<T>;
  readonly #outbox: Outbox;
  #timers: NodeJS.Timeout[] = [];
  #compared = false;

  constructor(private readonly parts: OwnedReadModelParts<T>) {
    this.#writer = new ReadModelWriter(parts);
    this.#outbox = new Outbox({
      database: parts.database,
      publish: (record) => this.#writer.put(record.key, parts.schema.parse(record.body)),
      onError: (error) => parts.logger.warn('the read model could not be published', { error }),
    });
  }

  /** Publishes what is committed now; rejects when NATS does not take it (it is tried again by itself). */
  async now(): Promise<void> {
    await this.#outbox.kick();
  }

  /** Compares and begins to tick. */
  start(): void {
    this.#outbox.start();
    void this.#reconcile();
    this.#timers = [
      setInterval(() => void this.#reconcile(), RECONCILE_EVERY_MS).unref(),
      setInterval(() => void this.#tick(), TICK_EVERY_MS).unref(),
    ];
  }

  /** Ends both. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#outbox.stop();
  }

  async #reconcile(): Promise<void> {
    try {
      const held = await this.#writer.current(true);
      for (const [key, record] of await this.parts.records())
        if ((held.get(key)?.version ?? 0) < record.version) await this.#writer.put(key, record);
      if (this.#compared) return;
      this.#compared = true;
      await this.#tick();
    } catch (error) {
      this.#compared = false;
      this.parts.logger.warn('rows and bucket could not be compared', { error });
      setTimeout(() => void this.#reconcile(), TICK_EVERY_MS).unref();
    }
  }

  async #tick(): Promise<void> {
    try {
      if (this.#compared && (await this.#outbox.oldestPendingMs()) <= MAX_PENDING_MS) await this.#writer.tick();
    } catch (error) {
      this.parts.logger.warn('no tick could be given', { error });
    }
  }
}
