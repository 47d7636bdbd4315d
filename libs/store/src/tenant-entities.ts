import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataSource, EntityManager, EntitySubscriberInterface, MixedList, QueryRunner } from 'typeorm';
import type { DatabaseOptions } from './database.js';
import { classify, InvalidTenant, NestedTenant, TenantMissing } from './errors.js';
import { refuseUnsafeRole } from './safe-role.js';

const STATEMENT_TIMEOUT_MS = 5_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A class with the decorators of TypeORM. */
type EntityClass = new () => object;

/** How entities are reached: as {@link DatabaseOptions}, and which classes are mapped. */
export interface TenantEntitiesOptions extends DatabaseOptions {
  readonly entities: readonly EntityClass[];
}

/**
 * TypeORM for configuration, on behalf of one organisation at a time. Entities are mapped to what migrations made;
 * nothing is ever synchronised. Whatever goes round {@link with} (a global repository, a transaction of its own) fails.
 */
export class TenantEntities {
  private constructor(
    private readonly source: DataSource,
    private readonly tenant: AsyncLocalStorage<string>,
  ) {}

  /** Connects and refuses a role that could bypass row-level security. */
  static async open(options: TenantEntitiesOptions): Promise<TenantEntities> {
    const tenant = new AsyncLocalStorage<string>();
    const source = await connect(options, tenant);
    try {
      const query = async <R extends object>(sql: string, params: readonly unknown[] = []): Promise<readonly R[]> =>
        source.query<R[]>(sql, [...params]);
      await refuseUnsafeRole({ query }, options.service);
      return new TenantEntities(source, tenant);
    } catch (error) {
      await source.destroy();
      throw error;
    }
  }

  /**
   * One transaction on behalf of one organisation. Throws {@link NestedTenant} inside another: it would wait for a second
   * connection while it holds the first.
   */
  async with<T>(org: string, run: (entities: EntityManager) => Promise<T>): Promise<T> {
    if (!UUID.test(org)) throw new InvalidTenant(`not the id of an organisation: ${org.slice(0, 40)}`);
    if (this.tenant.getStore() !== undefined) throw new NestedTenant('a transaction of a tenant within another');
    try {
      return await this.tenant.run(org, () => this.source.transaction(run));
    } catch (error) {
      throw classify(error instanceof Error && 'driverError' in error ? error.driverError : error);
    }
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    await this.source.destroy();
  }
}

/** Loaded here and not above, so that a service without entities does not carry TypeORM. */
async function connect(options: TenantEntitiesOptions, tenant: AsyncLocalStorage<string>): Promise<DataSource> {
  const { DataSource: Source, EventSubscriber } = await import('typeorm');

  @EventSubscriber()
  class SayTenantWhenTransactionStarts implements EntitySubscriberInterface {
    async afterTransactionStart({ queryRunner }: { readonly queryRunner: QueryRunner }): Promise<void> {
      const org = tenant.getStore();
      if (org === undefined) throw new TenantMissing('a transaction without a tenant');
      await queryRunner.query("select set_config('app.org_ids', $1, true)", [`{${org}}`]);
    }
  }

  const source = new Source({
    type: 'postgres',
    url: options.url,
    schema: options.service,
    applicationName: options.service,
    poolSize: options.max ?? 4,
    entities: [...options.entities] as MixedList<EntityClass>,
    subscribers: [SayTenantWhenTransactionStarts],
    synchronize: false,
    logging: false,
    extra: { statement_timeout: STATEMENT_TIMEOUT_MS, idle_in_transaction_session_timeout: 10_000 },
    poolErrorHandler: (error: unknown) => options.logger.warn('a database connection was lost', { error }),
  });
  return source.initialize();
}
