import pg from 'pg';
import type { Logger } from '@countersign/telemetry';
import { classify, DatabaseUnavailable, UnsafeRole } from './errors.js';

const INT8 = 20;
const STATEMENT_TIMEOUT_MS = 5_000;

/** A transaction. Values are parameters, never part of the text. `bigint` columns arrive as BigInt. */
export interface Tx {
  query<R extends object>(sql: string, params?: readonly unknown[]): Promise<readonly R[]>;
}

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
    const pool = new pg.Pool({
      connectionString: url,
      max,
      application_name: service,
      connectionTimeoutMillis: 5_000,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: 10_000,
      types: { getTypeParser: ((oid: number, format?: 'text') => (oid === INT8 ? BigInt : pg.types.getTypeParser(oid, format))) as typeof pg.types.getTypeParser },
    });
    pool.on('error', (error) => logger.warn('a database connection was lost', { error }));
    const database = new Database(pool, service);
    try {
      await refuseUnsafeRole(database, service);
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
    return this.#transaction("select set_config('app.org_ids', $1, true)", [`{${orgs.join(',')}}`], run);
  }

  /** A transaction under the narrow role `<service>_system`, for sweepers, relays and look-ups without a tenant; it sees only the tables granted to it. */
  async system<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#transaction("select set_config('role', $1, true)", [`${this.service}_system`], run);
  }

  /** A transaction without a tenant, for tables that belong to no organisation. */
  async installation<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#transaction(undefined, [], run);
  }

  /** Closes every connection after the transactions in work. */
  async close(): Promise<void> {
    await this.pool.end();
  }

  async #transaction<T>(first: string | undefined, params: readonly unknown[], run: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw new DatabaseUnavailable('the database cannot be reached', { cause: error });
    });
    let broken = false;
    const onError = (): void => void (broken = true);
    client.on('error', onError);
    try {
      // both leave in one packet; a failure of the first shows in the second
      const begin = client.query('begin');
      if (first !== undefined) await client.query(first, [...params]);
      await begin;
      const result = await run({ query: async <R extends object>(sql: string, values: readonly unknown[] = []) => (await client.query<R>(sql, [...values])).rows });
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch(() => void (broken = true));
      throw classify(error);
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }
}

interface RoleRow {
  readonly rolsuper: boolean;
  readonly rolbypassrls: boolean;
  readonly owned: string | null;
  readonly bare: string | null;
}

const ROLE_QUERY = `
  select r.rolsuper, r.rolbypassrls,
    (select min(c.relname) from pg_class c where c.relowner = r.oid) as owned,
    (select min(c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped
      where n.nspname = $1 and c.relkind in ('r', 'p') and not c.relispartition and not (c.relrowsecurity and c.relforcerowsecurity)) as bare
  from pg_roles r where r.rolname = current_user`;

async function refuseUnsafeRole(database: Database, schema: string): Promise<void> {
  const [role] = await database.installation((tx) => tx.query<RoleRow>(ROLE_QUERY, [schema]));
  if (role === undefined) throw new UnsafeRole('the role of this connection is not known');
  if (role.rolsuper) throw new UnsafeRole('the role of this connection is a superuser');
  if (role.rolbypassrls) throw new UnsafeRole('the role of this connection bypasses row-level security');
  if (role.owned !== null) throw new UnsafeRole(`the role of this connection owns ${role.owned}`);
  if (role.bare !== null) throw new UnsafeRole(`table ${schema}.${role.bare} has an org_id and no forced row-level security`);
}
