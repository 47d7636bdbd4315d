import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from './database.js';
import { OutboxPending } from './errors.js';
import type { Tx } from './transaction.js';

const LOOK_MS = 1_000;
const RETRY_MS = 250;
const BATCH = 200;
/** How often and how long another process is waited for that has records in its hands. */
const ELSEWHERE = { everyMs: 25, tries: 80 } as const;

/** Statements that make a service's outbox: what has to be published stands in the same transaction as the change. */
export function outboxTable(service: string): string[] {
  return [
    `create table ${service}.outbox (id bigint generated always as identity primary key, key text not null, version bigint not null, body jsonb not null, created timestamptz not null default clock_timestamp())`,
    `grant select, insert, delete, update on ${service}.outbox to ${service}_app, ${service}_system`,
  ];
}

/** One record to publish. A later version of the same key makes an earlier one needless. */
export interface OutboxRecord {
  readonly key: string;
  readonly version: number;
  readonly body: object;
}

interface Row {
  readonly id: bigint;
  readonly key: string;
  readonly version: bigint;
  readonly body: object;
}

/** What an outbox works with. */
export interface OutboxParts {
  readonly database: Database;
  /** Resolves when the record is where it belongs; may be called again with the same or an older version of a key. */
  readonly publish: (record: OutboxRecord) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Publishes what transactions left in the outbox; deletes what was published, so a slow transaction's row is never skipped. */
export class Outbox {
  #timer: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(private readonly parts: OutboxParts) {}

  /** Leaves a record in this transaction; call {@link kick} after the commit. */
  static async write(tx: Tx, service: string, record: OutboxRecord): Promise<void> {
    await tx.query(`insert into ${service}.outbox (key, version, body) values ($1, $2, $3)`, [
      record.key,
      record.version,
      JSON.stringify(record.body),
    ]);
  }

  /** Starts to look every second for what nobody kicks: what a process left that ended between commit and kick. */
  start(): void {
    this.#timer = setInterval(() => void this.#look().catch(() => undefined), LOOK_MS).unref();
  }

  /**
   * Publishes what is committed now; resolves when all of it is published, by whichever process. Rejects when it could
   * not be (it stays and is tried again after 250 ms), with {@link OutboxPending} when another process is at it for too long.
   */
  kick(): Promise<void> {
    if (this.#running === undefined) this.#running = this.#drain();
    else this.#again = true;
    return this.#running;
  }

  /** Age of the oldest record not yet published, in ms; 0 when there is none. */
  async oldestPendingMs(): Promise<number> {
    const { database } = this.parts;
    const [row] = await database.installation((tx) =>
      tx.last<{ readonly ms: number | null }>(
        `select (extract(epoch from clock_timestamp() - min(created)) * 1000)::float8 as ms from ${database.service}.outbox`,
      ),
    );
    return row?.ms ?? 0;
  }

  /** Looks no more and waits for the publication in work. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    await this.#running?.catch(() => undefined);
  }

  /** Nearly always there is nothing: to see that takes one round trip and locks nothing. */
  async #look(): Promise<void> {
    const { database } = this.parts;
    const waiting = await database.installation((tx) => isAnythingIn(tx, database.service));
    if (waiting) await this.kick();
  }

  async #drain(): Promise<void> {
    try {
      do {
        this.#again = false;
        await this.#empty();
      } while (this.#again && !this.#stopped);
    } catch (error) {
      this.parts.onError(error);
      this.#tryAgain();
      throw error;
    } finally {
      // in the same step as the last look at #again: whoever kicks later starts anew
      this.#running = undefined;
    }
  }

  #tryAgain(): void {
    if (this.#stopped) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.kick().catch(() => undefined), RETRY_MS).unref();
  }

  async #empty(): Promise<void> {
    for (let waited = 0; waited < ELSEWHERE.tries;) {
      const { taken, left } = await this.#relay();
      if (!left || this.#stopped) return;
      if (taken > 0) continue;
      waited += 1;
      await sleep(ELSEWHERE.everyMs);
    }
    throw new OutboxPending('another process has had records of the outbox in its hands for too long');
  }

  /** One batch. What was published is deleted even when other records of the batch could not be. */
  async #relay(): Promise<{ readonly taken: number; readonly left: boolean }> {
    const { database } = this.parts;
    const table = `${database.service}.outbox`;
    const { failures, ...outcome } = await database.installation(async (tx) => {
      const rows = await tx.query<Row>(
        `select id, key, version, body from ${table} order by id limit ${BATCH} for update skip locked`,
      );
      const { published, failures } = await this.#publish(rows);
      const done = rows.filter(({ key }) => published.has(key)).map(({ id }) => id.toString());
      if (done.length > 0) await tx.query(`delete from ${table} where id = any ($1)`, [done]);
      return { taken: rows.length, left: await isAnythingIn(tx, database.service), failures };
    });
    if (failures.length > 0) throw failures[0];
    return outcome;
  }

  async #publish(rows: readonly Row[]): Promise<{ published: ReadonlySet<string>; failures: readonly unknown[] }> {
    const newest = new Map<string, Row>();
    for (const row of rows) if (row.version >= (newest.get(row.key)?.version ?? 0n)) newest.set(row.key, row);
    const published = new Set<string>();
    const failures: unknown[] = [];
    const one = async ({ key, version, body }: Row): Promise<void> => {
      try {
        await this.parts.publish({ key, version: Number(version), body });
        published.add(key);
      } catch (error) {
        failures.push(error);
      }
    };
    await Promise.all([...newest.values()].map(one));
    return { published, failures };
  }
}

/** Whether records wait; the last statement of its transaction. */
async function isAnythingIn(tx: Tx, service: string): Promise<boolean> {
  const [row] = await tx.last<{ readonly left: boolean }>(`select exists (select 1 from ${service}.outbox) as left`);
  return row?.left ?? true;
}
