import { Clock } from '@countersign/primitives';
import type { Database } from './database.js';
import { ClockUnusable } from './errors.js';

const EVERY_MS = 1_000;
const USABLE_MS = 3_000;
/** A longer round trip says too little about the instant in the middle of it. */
const LONGEST_ROUND_TRIP_MS = 500;

/** The database's clock, known by its offset to the monotonic clock of this process, measured every second. After 3 s without a measurement it is unusable. */
export class DatabaseClock extends Clock {
  #offset = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #measuring = false;

  private constructor(
    private readonly database: Pick<Database, 'installation'>,
    private readonly monotonic: () => number,
  ) {
    super();
  }

  /** Measures once and goes on every second. Throws when the first measurement fails. */
  static async start(
    database: Pick<Database, 'installation'>,
    monotonic: () => number = () => performance.now(),
  ): Promise<DatabaseClock> {
    const clock = new DatabaseClock(database, monotonic);
    await clock.measure();
    clock.#timer = setInterval(() => void clock.measure().catch(() => undefined), EVERY_MS).unref();
    return clock;
  }

  now(): number {
    if (!this.usable()) throw new ClockUnusable('the database clock was not measured within 3 s');
    return Math.floor(this.#offset + this.monotonic());
  }

  /** Whether {@link now} would answer. */
  usable(): boolean {
    return this.monotonic() - this.#measuredAt <= USABLE_MS;
  }

  /** One measurement; a slow one is dropped. */
  async measure(): Promise<void> {
    if (this.#measuring) return;
    this.#measuring = true;
    try {
      const [row] = await this.database.installation(async (tx) => {
        const before = this.monotonic();
        const rows = await tx.last<{ readonly ms: string }>(
          'select (extract(epoch from clock_timestamp()) * 1000)::text as ms',
        );
        const after = this.monotonic();
        return rows.map(({ ms }) => ({ ms: Number(ms), before, after }));
      });
      if (row === undefined || row.after - row.before > LONGEST_ROUND_TRIP_MS) return;
      this.#offset = row.ms - (row.before + row.after) / 2;
      this.#measuredAt = row.after;
    } finally {
      this.#measuring = false;
    }
  }

  /** Measures no more. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
