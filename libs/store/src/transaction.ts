import type { Writable } from 'node:stream';
import type { PoolClient } from 'pg';
import { classify, DatabaseUnavailable, OutcomeUnknown, TransactionEnded } from './errors.js';
import { statementName } from './statement-name.js';

/** A transaction. Values are parameters, never part of the text. `bigint` columns arrive as BigInt. */
export interface Tx {
  /** Throws {@link TransactionEnded} once the transaction is over, so that a forgotten promise cannot write into another one. */
  query<R extends object>(sql: string, params?: readonly unknown[]): Promise<readonly R[]>;
  /** The last statement of the transaction: the commit leaves with it, which saves a round trip. Nothing comes after it, and what throws after it takes nothing back. */
  last<R extends object>(sql: string, params?: readonly unknown[]): Promise<readonly R[]>;
}

/** One transaction on one connection of the pool. */
export class Transaction {
  /** Whether the connection must not be used again. */
  broken = false;
  #over = false;
  #corked = false;
  #beginFailed: Error | undefined;
  #commitSent: Promise<void> | undefined;

  constructor(private readonly client: PoolClient) {}

  /** Begins, runs, commits; rolls back and throws what went wrong when anything did. `begin` is text of this library, never of a caller. */
  async run<T>(begin: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    const onError = (): void => void (this.broken = true);
    this.client.on('error', onError);
    try {
      return await this.#work(begin, work);
    } finally {
      this.#over = true;
      this.client.off('error', onError);
    }
  }

  async #work<T>(begin: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      this.#inOneWrite();
      const begun = this.client.query(begin).catch((error: unknown) => {
        this.#beginFailed = error instanceof Error ? error : new Error('begin failed', { cause: error });
      });
      const working = work({
        query: (sql, params) => this.#query(sql, params),
        last: (sql, params) => this.#last(sql, params),
      });
      const result = await working;
      await begun;
      if (this.#beginFailed !== undefined) throw this.#beginFailed;
      this.#over = true;
      await (this.#commitSent ?? this.#commit());
      return result;
    } catch (error) {
      this.#over = true;
      const committing = await this.#commitSent?.catch((failure: unknown) => failure);
      await this.client.query('rollback').catch(() => void (this.broken = true));
      // with the commit on its way the statement's own error does not tell what became of it
      if (committing instanceof OutcomeUnknown) throw committing;
      throw classify(this.#beginFailed ?? error);
    }
  }

  /** What is sent in one turn of the event loop leaves in one write: every write wakes the server, which costs more than the statement. */
  #inOneWrite(): void {
    if (this.#corked) return;
    this.#corked = true;
    const { stream } = (this.client as unknown as { readonly connection: { readonly stream: Writable } }).connection;
    stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      stream.uncork();
    });
  }

  async #query<R extends object>(sql: string, params: readonly unknown[] = []): Promise<readonly R[]> {
    if (this.#over) throw new TransactionEnded('a statement came after the end of its transaction');
    if (this.#beginFailed !== undefined) throw this.#beginFailed;
    this.#inOneWrite();
    return (await this.client.query<R>({ name: statementName(sql), text: sql, values: [...params] })).rows;
  }

  async #last<R extends object>(sql: string, params?: readonly unknown[]): Promise<readonly R[]> {
    const rows = this.#query<R>(sql, params);
    if (!this.#over) {
      this.#over = true;
      this.#commitSent = this.#commit();
      // whoever works looks at it; until then it is nobody's
      this.#commitSent.catch(() => undefined);
    }
    return rows;
  }

  /** Only the server's own COMMIT counts: of a transaction in which a statement failed it makes a rollback without an error. */
  async #commit(): Promise<void> {
    const { command } = await this.client.query('commit').catch((error: unknown) => {
      const cause = classify(error);
      throw cause instanceof DatabaseUnavailable
        ? new OutcomeUnknown('the connection was lost in a commit', { cause: error })
        : error;
    });
    if (command !== 'COMMIT')
      throw new TransactionEnded('a statement of the transaction had failed, nothing was written');
  }
}
