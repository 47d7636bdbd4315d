import { NoMetrics } from '@countersign/telemetry';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Micros } from '@countersign/primitives';
import type { TaskKey } from '@countersign/contracts';
import { anId, aTaskKey, silentLogger, testDatabase, type TestDatabase } from '@countersign/testing';
import type { ScopeKey } from '../../domain/accounts.js';
import type { ReserveOutcome, ReserveRequest } from '../../domain/ledger.js';
import { budgetMigrations } from '../../migrations/index.js';
import { BudgetReports } from './budget.reports.js';
import type { LedgerScope } from './ledger-rows.js';
import { LedgerStore } from './ledger.store.js';

const DOLLAR = 1_000_000n;
const NOVEMBER = '2026-11';
const DECEMBER = '2026-12';

let database: TestDatabase;
let store: LedgerStore;
let reports: BudgetReports;

beforeAll(async () => {
  database = await testDatabase('budget', budgetMigrations);
  const opened = await database.open();
  store = new LedgerStore(opened, silentLogger('budget'), new NoMetrics());
  reports = new BudgetReports(opened);
});
afterAll(() => database.drop());

/** An organisation with one agent and one connection, and the caps it has at the moment. */
class Client {
  readonly org = anId();
  readonly agent = anId();
  readonly connection = anId();
  #cap: Micros | undefined = 100n * DOLLAR;
  #version = 1;

  constructor(private readonly ledgers: readonly LedgerStore[] = [store]) {}

  /** A new version of the connection's policy. */
  set cap(micros: Micros | undefined) {
    this.#cap = micros;
    this.#version += 1;
  }

  task(): TaskKey {
    return aTaskKey({ org: this.org, agent: this.agent });
  }

  scopes(period: string): readonly ScopeKey[] {
    const { org } = this;
    return [
      { org, type: 'ORG', id: org, period },
      { org, type: 'AGENT', id: this.agent, period },
      { org, type: 'CONNECTION', id: this.connection, period },
    ];
  }

  accounts(period: string): LedgerScope['accounts'] {
    const policy = { version: this.#version, micros: this.#cap };
    return this.scopes(period).map((key) => ({
      key,
      caps: { policy: key.type === 'CONNECTION' ? policy : { version: 0, micros: undefined } },
    }));
  }

  async reserve(
    key: TaskKey,
    amount: Micros,
    parts: Partial<ReserveRequest & { period: string; by: number }> = {},
  ): Promise<string> {
    const { period = NOVEMBER, attempt = 1, by = 0, ...rest } = parts;
    const request: ReserveRequest = {
      key,
      attempt,
      round: 1,
      scopes: this.scopes(period),
      amount,
      priceBookVersion: 1,
      expiresAt: Date.UTC(2030, 0),
      today: `${period}-15`,
      ...rest,
    };
    const attempts = [attempt, ...(rest.replaces === undefined ? [] : [rest.replaces.attempt])].map((n) => ({
      key,
      attempt: n,
    }));
    const ledger = this.ledgers[by % this.ledgers.length] ?? store;
    return said(await ledger.run({ attempts, accounts: this.accounts(period) }, (locked) => locked.reserve(request)));
  }

  finish(key: TaskKey, settle: Micros | undefined, attempt = 1): Promise<string> {
    return store.run({ attempts: [{ key, attempt }], accounts: [] }, (ledger) =>
      ledger.finish(key, attempt, settle, 'REPORTED'),
    );
  }

  /** Reserved and spent of every budget that is not zero, by kind and period. */
  async state(): Promise<Record<string, readonly [reserved: bigint, spent: bigint]>> {
    const rows = await reports.budgets(this.org, undefined);
    return Object.fromEntries(
      rows
        .filter((row) => row.reserved_micros !== 0n || row.spent_micros !== 0n)
        .map((row) => [`${row.scope_type} ${row.period}`, [row.reserved_micros, row.spent_micros] as const]),
    );
  }

  async balances(): Promise<void> {
    expect(await reports.differences(this.org)).toEqual([]);
  }
}

const said = (outcome: ReserveOutcome): string => (outcome.ok ? outcome.reservation.state : outcome.code);

const everywhere = (reserved: bigint, spent: bigint, period = NOVEMBER): Awaited<ReturnType<Client['state']>> =>
  Object.fromEntries(['AGENT', 'CONNECTION', 'ORG'].map((type) => [`${type} ${period}`, [reserved, spent] as const]));

describe('a ledger', () => {
  let client: Client;
  beforeEach(() => {
    client = new Client();
  });
  const many = (count: number, run: (i: number) => Promise<string>): Promise<readonly string[]> =>
    Promise.all(Array.from({ length: count }, (_, i) => run(i)));

  it('holds $10 exactly ten times of 60 at once under a cap of $100', async () => {
    const outcomes = await many(60, () => client.reserve(client.task(), 10n * DOLLAR));
    expect(outcomes.filter((o) => o === 'HELD')).toHaveLength(10);
    expect(outcomes.filter((o) => o === 'BUDGET_CONNECTION_EXHAUSTED')).toHaveLength(50);
    expect(await client.state()).toEqual(everywhere(100n * DOLLAR, 0n));
    await client.balances();
  });

  it('is exact for three replicas under 200 synchronised requests', async () => {
    const replicas = await Promise.all(
      [1, 2, 3].map(
        async () => new LedgerStore(await database.open({ max: 4 }), silentLogger('budget'), new NoMetrics()),
      ),
    );
    client = new Client(replicas);
    const outcomes = await many(200, (i) => client.reserve(client.task(), 7n * DOLLAR, { by: i }));
    expect(outcomes.filter((o) => o === 'HELD')).toHaveLength(14);
    await client.balances();
  });

  it('gives the same request the same answer, and another amount a conflict', async () => {
    const key = client.task();
    expect(await many(5, () => client.reserve(key, 10n * DOLLAR))).toEqual(Array(5).fill('HELD'));
    expect(await client.state()).toEqual(everywhere(10n * DOLLAR, 0n));
    expect(await client.reserve(key, 11n * DOLLAR)).toBe('RESERVATION_CONFLICT');
    await client.balances();
  });

  it('settles once, at what was reported, also above what was held', async () => {
    const [under, over, released] = [client.task(), client.task(), client.task()];
    for (const key of [under, over, released]) await client.reserve(key, 10n * DOLLAR);
    expect(await client.finish(under, 7_500_001n)).toBe('DONE');
    expect(await client.finish(under, 7_500_001n)).toBe('ALREADY');
    expect(await client.finish(under, undefined)).toBe('ALREADY');
    expect(await client.finish(over, 15n * DOLLAR)).toBe('DONE');
    expect(await client.finish(released, undefined)).toBe('DONE');
    expect(await client.state()).toEqual(everywhere(0n, 22_500_001n));
    await client.balances();
  });

  it('lets exactly what is left pass, and nothing when nothing is left', async () => {
    client.cap = 200n * DOLLAR;
    const spent = client.task();
    await client.reserve(spent, 150n * DOLLAR);
    await client.finish(spent, 150n * DOLLAR);
    expect(await client.reserve(client.task(), 50_000_001n)).toBe('BUDGET_CONNECTION_EXHAUSTED');
    expect(await client.reserve(client.task(), 50_000_000n)).toBe('HELD');
    expect(await client.reserve(client.task(), 0n)).toBe('BUDGET_CONNECTION_EXHAUSTED');
    await client.balances();
  });

  it('lets nothing pass under a cap of 0, not even what costs nothing', async () => {
    client.cap = 0n;
    expect(await client.reserve(client.task(), 0n)).toBe('BUDGET_CONNECTION_EXHAUSTED');
  });

  it('refuses a scope that has no row', async () => {
    const key = client.task();
    const request: ReserveRequest = {
      key,
      attempt: 1,
      round: 1,
      scopes: client.scopes(NOVEMBER),
      amount: 1n,
      priceBookVersion: 1,
      expiresAt: 0,
      today: '2026-11-15',
    };
    const outcome = await store.run({ attempts: [{ key, attempt: 1 }], accounts: [] }, (ledger) =>
      ledger.reserve(request),
    );
    expect(said(outcome)).toBe('BUDGET_SCOPE_UNKNOWN');
  });

  it('leaves a tombstone for a release that came first: what is reserved later is refused', async () => {
    const key = client.task();
    expect(await client.finish(key, undefined)).toBe('TOMBSTONE');
    expect(await client.reserve(key, 10n * DOLLAR)).toBe('RESERVATION_RELEASED');
    expect(await client.finish(key, 4n * DOLLAR)).toBe('ALREADY');
    expect(await client.state()).toEqual({});
    await client.balances();
  });

  it('settles no key that it does not know, and leaves no row of it', async () => {
    const key = client.task();
    expect(await client.finish(key, 4n * DOLLAR)).toBe('RETRY');
    expect(await client.reserve(key, 10n * DOLLAR)).toBe('HELD');
  });

  it('counts a task in the month in which it was reserved', async () => {
    const key = client.task();
    await client.reserve(key, 12n * DOLLAR, { period: NOVEMBER });
    await client.finish(key, 12n * DOLLAR);
    expect(await client.state()).toEqual(everywhere(0n, 12n * DOLLAR, NOVEMBER));
  });

  it('moves a hold into the month of a later round, all or nothing', async () => {
    const key = client.task();
    await client.reserve(key, 12n * DOLLAR, { period: NOVEMBER });
    expect(await client.reserve(key, 12n * DOLLAR, { period: NOVEMBER, round: 2 })).toBe('HELD');
    expect(await client.reserve(key, 12n * DOLLAR, { period: DECEMBER, round: 2 })).toBe('HELD');
    expect(await client.state()).toEqual(everywhere(12n * DOLLAR, 0n, DECEMBER));
    await client.balances();
  });

  it('releases a hold that the month of a later round has no room for', async () => {
    const key = client.task();
    await client.reserve(key, 20n * DOLLAR, { period: NOVEMBER });
    client.cap = 10n * DOLLAR;
    expect(await client.reserve(key, 20n * DOLLAR, { period: DECEMBER, round: 2 })).toBe('BUDGET_CONNECTION_EXHAUSTED');
    expect(await client.state()).toEqual({});
    await client.balances();
  });

  it('gives the money of an attempt to the one that replaces it, in one step', async () => {
    const backup = client.task();
    await client.reserve(backup, 80n * DOLLAR);
    expect(
      await client.reserve(backup, 80n * DOLLAR, { attempt: 2, replaces: { attempt: 1, settle: undefined } }),
    ).toBe('HELD');
    expect(await client.state()).toEqual(everywhere(80n * DOLLAR, 0n));
    await client.balances();
  });

  it('settles the attempt that is tried again at what it cost', async () => {
    const again = client.task();
    await client.reserve(again, 10n * DOLLAR);
    expect(
      await client.reserve(again, 10n * DOLLAR, { attempt: 2, replaces: { attempt: 1, settle: 4n * DOLLAR } }),
    ).toBe('HELD');
    expect(await client.state()).toEqual(everywhere(10n * DOLLAR, 4n * DOLLAR));
    await client.balances();
  });

  it('follows a changed cap at once and writes it down', async () => {
    await client.reserve(client.task(), 60n * DOLLAR);
    client.cap = 50n * DOLLAR;
    expect(await client.reserve(client.task(), 1n)).toBe('BUDGET_CONNECTION_EXHAUSTED');
    client.cap = 61n * DOLLAR;
    expect(await client.reserve(client.task(), DOLLAR)).toBe('HELD');
    const rows = await database.asSuper(
      "select micros from budget.ledger_entry where org_id = $1 and kind = 'LIMIT_CHANGE' order by id",
      [client.org],
    );
    expect(rows.map(({ micros }) => String(micros))).toEqual([100n, 50n, 61n].map((n) => String(n * DOLLAR)));
    await client.balances();
  });

  it('keeps organisations apart in one batch', async () => {
    const other = new Client();
    const [mine, theirs] = [client.task(), other.task()];
    const request = (of: Client, key: TaskKey): ReserveRequest => ({
      key,
      attempt: 1,
      round: 1,
      scopes: of.scopes(NOVEMBER),
      amount: 90n * DOLLAR,
      priceBookVersion: 1,
      expiresAt: 0,
      today: '2026-11-15',
    });
    const outcomes = await store.run(
      {
        attempts: [
          { key: mine, attempt: 1 },
          { key: theirs, attempt: 1 },
        ],
        accounts: [...client.accounts(NOVEMBER), ...other.accounts(NOVEMBER)],
      },
      (ledger) => [ledger.reserve(request(client, mine)), ledger.reserve(request(other, theirs))],
    );
    expect(outcomes.map(said)).toEqual(['HELD', 'HELD']);
    expect(await other.state()).toEqual(everywhere(90n * DOLLAR, 0n));
  });
});

describe('the database itself', () => {
  it('refuses to hold more than the cap, whatever the program does', async () => {
    const client = new Client();
    await client.reserve(client.task(), 60n * DOLLAR);
    const more = database.asSuper(
      "update budget.budget set reserved_micros = reserved_micros + 50000000 where org_id = $1 and scope_type = 'CONNECTION'",
      [client.org],
    );
    await expect(more).rejects.toThrow(/beyond the limit/);
  });

  it.each([
    'update budget.ledger_entry set micros = 0',
    'delete from budget.ledger_entry',
    'truncate budget.ledger_entry',
  ])('refuses: %s', async (sql) => {
    const client = new Client();
    await client.reserve(client.task(), DOLLAR);
    await expect(database.asSuper(sql)).rejects.toThrow(/append-only/);
  });

  it('shows the differences that a changed budget makes', async () => {
    const client = new Client();
    await client.reserve(client.task(), DOLLAR);
    await database.asSuper("update budget.budget set spent_micros = 5 where org_id = $1 and scope_type = 'AGENT'", [
      client.org,
    ]);
    expect(await reports.differences(client.org)).toHaveLength(1);
  });
});
