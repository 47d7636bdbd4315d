import pg from 'pg';
import type { Logger } from '@countersign/telemetry';
import { DatabaseUnavailable, InvalidTenant } from './errors.js';
import { refuseUnsafeRole } from './safe-role.js';
import { Transaction, type Tx } from './transaction.js';

const INT8 = 20;
const STATEMENT_TIMEOUT_MS = 5_000;
/** The server ends a statement before this; whoever waits longer waits for a server that has stopped answering. */
const ANSWER_TIMEOUT_MS = 7_000;
/**
 * Statements of services are planned once a connection, and find their rows by an index. The planner's own choice is to read a table from end to end, or into a hash, wherever it takes the table for small: one
 * that was empty when the plan was made is not small any more when it runs (ADR 0041). A transaction that reads most of a table on purpose says {@link planFreely}.
 */
const OTHER_WAYS = ['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin'] as const;
const BY_INDEX = ['plan_cache_mode=force_generic_plan', ...OTHER_WAYS.map((way) => `${way}=off`)]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/** Leaves the rest of a transaction's plans to the planner: for reports over whole organisations. */
export async function planFreely(tx: Tx): Promise<void> {
  await tx.query(`select ${OTHER_WAYS.map((way) => `set_config('${way}', 'on', true)`).join(', ')}`);
}
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SERVICE = /^[a-z][a-z_]{0,30}$/;

/** How a service reaches PostgreSQL. */
export interface DatabaseOptions {
  /** URL with the service's own role `<service>_app`. */
  readonly url: string;
  /** Name of the service: its schema, and the stem of its roles. */
  readonly service: string;
  readonly max?: number;
  readonly logger: Logger;
}

/**
 * The one way into PostgreSQL. Every statement runs in a transaction that says on whose behalf: the transaction-local setting `app.org_ids`, which the
 * row-level security of every tenant table demands. Without it a query fails; it never shows rows.
 */
export class Database {
  private constructor(
    private readonly pool: pg.Pool,
    readonly service: string,
  ) {}

  /** Connects and refuses a role that could bypass row-level security. */
  static async open({ url, service, max = 6, logger }: DatabaseOptions): Promise<Database> {
    if (!SERVICE.test(service)) throw new Error(`not the name of a service: ${service.slice(0, 40)}`);
    const pool = new pg.Pool({
      connectionString: url,
      max,
      application_name: service,
      connectionTimeoutMillis: 5_000,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      keepAlive: true,
      options: BY_INDEX,
      // begin, tenant and first statement leave together: a transaction of one statement costs two round trips, not four
      pipeline: true,
      idle_in_transaction_session_timeout: 10_000,
      types: {
        getTypeParser: ((oid: number, format?: 'text') =>
          oid === INT8 ? BigInt : (pg.types.getTypeParser(oid, format) as unknown)) as typeof pg.types.getTypeParser,
      },
    });
    pool.on('error', (error) => logger.warn('a database connection was lost', { error }));
    const database = new Database(pool, service);
    try {
      await database.installation((tx) => refuseUnsafeRole(tx, service));
      return database;
    } catch (error) {
      await pool.end();
      throw error;
    }
  }

  /** A transaction on behalf of one organisation. */
  async tenant<T>(org: string, run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.tenants([org], run);
  }

  /** A transaction on behalf of exactly these organisations: those whose subjects a batch's messages came from. */
  async tenants<T>(orgs: readonly string[], run: (tx: Tx) => Promise<T>): Promise<T> {
    const stranger = orgs.find((org) => !UUID.test(org));
    if (stranger !== undefined) throw new InvalidTenant(`not the id of an organisation: ${stranger.slice(0, 40)}`);
    return this.#transaction(`begin; select set_config('app.org_ids', '{${orgs.join(',')}}', true)`, run);
  }

  /** A transaction under the narrow role `<service>_system`, for sweepers, relays and look-ups without a tenant; it sees only the tables granted to it. */
  async system<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#transaction(`begin; set local role ${this.service}_system`, run);
  }

  /** A transaction without a tenant, for tables that belong to no organisation. */
  async installation<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#transaction('begin', run);
  }

  /** Closes every connection after the transactions in work. */
  async close(): Promise<void> {
    await this.pool.end();
  }

  async #transaction<T>(begin: string, run: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw new DatabaseUnavailable('the database cannot be reached', { cause: error });
    });
    const transaction = new Transaction(client);
    try {
      return await transaction.run(begin, run);
    } finally {
      client.release(transaction.broken);
    }
  }
}
