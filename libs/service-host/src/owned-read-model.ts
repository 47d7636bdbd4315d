import { Repeating, type Clock } from '@countersign/primitives';
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
  readonly #comparing: Repeating;
  readonly #ticking: Repeating;
  #compared = false;

  constructor(private readonly parts: OwnedReadModelParts<T>) {
    this.#writer = new ReadModelWriter(parts);
    this.#outbox = new Outbox({
      database: parts.database,
      publish: (record) => this.#writer.put(record.key, parts.schema.parse(record.body)),
      onError: (error) => parts.logger.warn('the read model could not be published', { error }),
    });
    this.#comparing = new Repeating({
      everyMs: RECONCILE_EVERY_MS,
      work: () => this.#reconcile(),
      onError: (error) => {
        this.#compared = false;
        parts.logger.warn('rows and bucket could not be compared', { error });
      },
    });
    this.#ticking = new Repeating({
      everyMs: TICK_EVERY_MS,
      work: () => this.#tick(),
      onError: (error) => parts.logger.warn('no tick could be given', { error }),
    });
  }

  /** Publishes what is committed now; rejects when NATS does not take it (it is tried again by itself). */
  async now(): Promise<void> {
    await this.#outbox.kick();
  }

  /** Compares and begins to tick. */
  start(): void {
    this.#outbox.start();
    this.#comparing.start();
    this.#ticking.start();
    void this.#ticking.now();
  }

  /** Ends both. */
  async stop(): Promise<void> {
    await Promise.all([this.#ticking.stop(), this.#comparing.stop()]);
    await this.#outbox.stop();
  }

  async #reconcile(): Promise<void> {
    const held = await this.#writer.current(true);
    for (const [key, record] of await this.parts.records())
      if ((held.get(key)?.version ?? 0) < record.version) await this.#writer.put(key, record);
    this.#compared = true;
  }

  /** What could not be compared is compared again with every tick, which is not given before. */
  async #tick(): Promise<void> {
    if (!this.#compared) await this.#comparing.now();
    if (this.#compared && (await this.#outbox.oldestPendingMs()) <= MAX_PENDING_MS) await this.#writer.tick();
  }
}
