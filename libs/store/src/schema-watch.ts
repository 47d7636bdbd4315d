import type { Database } from './database.js';
import { schemaState, type Migration, type SchemaState } from './migrations.js';

const LOOK_EVERY_MS = 5_000;

/** Whether the schema is still in this program's range; once it is, looked at no more than every 5 s however often it is asked. */
export class SchemaWatch {
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly parts: {
      readonly database: Database;
      readonly migrations: readonly Migration[];
      /** Milliseconds that only go on; `performance.now` when absent. */
      readonly monotonic?: () => number;
    },
  ) {}

  /** The state as it was found last. Rejects when the database does not answer. */
  async state(): Promise<SchemaState> {
    const now = (this.parts.monotonic ?? (() => performance.now()))();
    if (now - this.#lookedAt < LOOK_EVERY_MS) return 'ready';
    const state = await schemaState(this.parts.database, this.parts.migrations);
    if (state === 'ready') this.#lookedAt = now;
    return state;
  }
}
