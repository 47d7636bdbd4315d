import type { Database, Tx } from './database.js';

const POLL_MS = 250;
const BATCH = 200;

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

/** Publishes what transactions left in the outbox; deletes what was published, so a slow transaction's row is never skipped. */
export class Outbox {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(private readonly parts: { readonly database: Database; readonly publish: (record: OutboxRecord) => Promise<void>; readonly onError: (error: unknown) => void }) {}

  /** Leaves a record in this transaction; call {@link kick} after the commit. */
  static async write(tx: Tx, service: string, record: OutboxRecord): Promise<void> {
    await tx.query(`insert into ${service}.outbox (key, version, body) values ($1, $2, $3)`, [record.key, record.version, JSON.stringify(record.body)]);
  }

  /** Starts to look every 250 ms. */
  start(): void {
    this.#timer = setInterval(() => void this.kick().catch(() => undefined), POLL_MS).unref();
  }

  /** Publishes what stands there now; resolves when it is published, rejects when it could not be (it stays and is tried again). */
  kick(): Promise<void> {
    if (this.#running !== undefined) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#drain().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Age of the oldest record not yet published, in ms; 0 when there is none. */
  async oldestPendingMs(): Promise<number> {
    const { database } = this.parts;
    const [row] = await database.installation((tx) => tx.query<{ readonly ms: number | null }>(`select (extract(epoch from clock_timestamp() - min(created)) * 1000)::float8 as ms from ${database.service}.outbox`));
    return row?.ms ?? 0;
  }

  /** Looks no more and waits for the publication in work. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running?.catch(() => undefined);
  }

  async #drain(): Promise<void> {
    try {
      do {
        this.#again = false;
        while ((await this.#relay()) === BATCH);
      } while (this.#again);
    } catch (error) {
      this.parts.onError(error);
      throw error;
    }
  }

  async #relay(): Promise<number> {
    const { database, publish } = this.parts;
    return database.installation(async (tx) => {
      const rows = await tx.query<{ readonly id: bigint; readonly key: string; readonly version: bigint; readonly body: object }>(
        `select id, key, version, body from ${database.service}.outbox order by id limit ${BATCH} for update skip locked`,
      );
      const newest = new Map<string, (typeof rows)[number]>();
      for (const row of rows) if (row.version >= (newest.get(row.key)?.version ?? 0n)) newest.set(row.key, row);
      await Promise.all([...newest.values()].map((row) => publish({ key: row.key, version: Number(row.version), body: row.body })));
      await tx.query(`delete from ${database.service}.outbox where id = any ($1)`, [rows.map((row) => row.id.toString())]);
      return rows.length;
    });
  }
}
