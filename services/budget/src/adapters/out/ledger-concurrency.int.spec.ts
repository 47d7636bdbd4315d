import { NoMetrics } from '@countersign/telemetry';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Micros } from '@countersign/primitives';
import type { TaskKey } from '@countersign/contracts';
import { anId, aTaskKey, capturedLog, testDatabase, type CapturedLog, type TestDatabase } from '@countersign/testing';
import type { ScopeKey } from '../../domain/accounts.js';
import type { Cap } from '../../domain/caps.js';
import type { ReserveOutcome } from '../../domain/ledger.js';
import { budgetMigrations } from '../../migrations/index.js';
import { BudgetReports } from './budget.reports.js';
import { LedgerStore } from './ledger.store.js';
import type { LedgerScope } from './ledger-rows.js';

const DOLLAR = 1_000_000n;
const MONTH = '2026-11';

let database: TestDatabase;
let replicas: readonly LedgerStore[];
let reports: BudgetReports;
let log: CapturedLog;

beforeAll(async () => {
  database = await testDatabase('budget', budgetMigrations);
  log = capturedLog('budget');
  replicas = await Promise.all(
    [1, 2, 3].map(async () => new LedgerStore(await database.open({ max: 4 }), log.logger, new NoMetrics())),
  );
  reports = new BudgetReports(await database.open());
});
afterAll(() => database.drop());

/** One connection of one organisation, asked over three replicas in turn. */
class Line {
  readonly org = anId();
  readonly connection: ScopeKey = { org: this.org, type: 'CONNECTION', id: anId(), period: MONTH };
  #turn = 0;

  constructor(public cap: Cap = { version: 1, micros: 100n * DOLLAR }) {}

  task(): TaskKey {
    return aTaskKey({ org: this.org });
  }

  get replica(): LedgerStore {
    this.#turn += 1;
    const replica = replicas[this.#turn % replicas.length];
    if (replica === undefined) throw new Error('no replica');
    return replica;
  }

  scope(...keys: readonly TaskKey[]): LedgerScope {
    const attempts = keys.map((key) => ({ key, attempt: 1 }));
    return { attempts, accounts: [{ key: this.connection, caps: { policy: this.cap } }] };
  }

  async ask(
    key: TaskKey,
    amount: Micros,
    parts: { askAbove?: Micros; today?: string; cap?: Cap } = {},
  ): Promise<string> {
    const { askAbove, today = `${MONTH}-15`, cap = this.cap } = parts;
    const scopes = [this.connection];
    const request = { key, attempt: 1, round: 1, scopes, amount, priceBookVersion: 1, expiresAt: Date.UTC(2030, 0) };
    const scope = { ...this.scope(key), accounts: [{ key: this.connection, caps: { policy: cap } }] };
    return said(await this.replica.run(scope, (ledger) => ledger.reserve({ ...request, today, askAbove })));
  }

  finish(key: TaskKey, settle: Micros | undefined): Promise<string> {
    const scope = { attempts: [{ key, attempt: 1 }], accounts: [] };
    return this.replica.run(scope, (ledger) => ledger.finish(key, 1, settle, 'REPORTED'));
  }

  correct(key: TaskKey, charged: Micros): Promise<string> {
    const scope = { attempts: [{ key, attempt: 1 }], accounts: [] };
    return this.replica.run(scope, (ledger) => ledger.correct(key, 1, charged));
  }

  async amounts(): Promise<readonly bigint[]> {
    expect(await reports.differences(this.org)).toEqual([]);
    const [row] = await reports.budgets(this.org);
    return row === undefined ? [] : [row.reserved_micros, row.spent_micros];
  }
}

function said(outcome: ReserveOutcome): string {
  if (!outcome.ok) return outcome.code;
  return outcome.reservation.asksAbove === undefined ? outcome.reservation.state : 'ASK';
}

const times = <T>(count: number, run: (i: number) => Promise<T>): Promise<readonly T[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => run(i)));
const count = (all: readonly string[], what: string): number => all.filter((one) => one === what).length;

describe('three replicas at once', () => {
  it('hold exactly what the cap allows of 200 requests, while what is held is settled and released in between', async () => {
    const line = new Line();
    const outcomes = await times(200, async (i) => {
      const key = line.task();
      const outcome = await line.ask(key, 7n * DOLLAR);
      if (outcome === 'HELD' && i % 3 !== 0) await line.finish(key, i % 3 === 1 ? 4n * DOLLAR : undefined);
      return { outcome, kept: i % 3 === 0 ? 7n : i % 3 === 1 ? 4n : 0n };
    });
    const admitted = outcomes.filter(({ outcome }) => outcome === 'HELD');
    const [reserved = 0n, spent = 0n] = await line.amounts();
    expect(reserved + spent).toBe(admitted.reduce((sum, { kept }) => sum + kept * DOLLAR, 0n));
    expect(reserved + spent).toBeLessThanOrEqual(100n * DOLLAR);
    // whatever was turned away did not fit at that moment; now only what is left does
    const left = 100n * DOLLAR - reserved - spent;
    expect(await line.ask(line.task(), left + 1n)).toBe('BUDGET_CONNECTION_EXHAUSTED');
    if (left > 0n) expect(await line.ask(line.task(), left)).toBe('HELD');
  });

  it('ask a person about exactly those tasks that come over the daily threshold', async () => {
    const line = new Line({ version: 1, micros: undefined });
    const outcomes = await times(20, () => line.ask(line.task(), 49n * DOLLAR, { askAbove: 100n * DOLLAR }));
    expect([count(outcomes, 'HELD'), count(outcomes, 'ASK')]).toEqual([2, 18]);
    expect(await line.amounts()).toEqual([20n * 49n * DOLLAR, 0n]);
  });

  it('count a settlement, a release and a late cost on the day of the hold alone', async () => {
    const line = new Line({ version: 1, micros: undefined });
    const [a, b, yesterday] = [line.task(), line.task(), line.task()];
    await line.ask(yesterday, 90n * DOLLAR, { today: `${MONTH}-14` });
    for (const key of [a, b]) await line.ask(key, 30n * DOLLAR);
    await Promise.all([line.finish(yesterday, 95n * DOLLAR), line.finish(a, 10n * DOLLAR), line.finish(b, undefined)]);
    await line.correct(a, 12n * DOLLAR);
    const askAbove = 20n * DOLLAR;
    expect(await line.ask(line.task(), 8n * DOLLAR, { askAbove })).toBe('HELD');
    expect(await line.ask(line.task(), 1n, { askAbove })).toBe('ASK');
    expect(await line.amounts()).toEqual([8n * DOLLAR + 1n, 107n * DOLLAR]);
  });

  it('follow the newest cap, whichever of them heard of it first', async () => {
    const line = new Line({ version: 2, micros: 10n * DOLLAR });
    expect(await line.ask(line.task(), 10n * DOLLAR)).toBe('HELD');
    const older = { version: 1, micros: 100n * DOLLAR };
    expect(await line.ask(line.task(), 1n, { cap: older })).toBe('BUDGET_CONNECTION_EXHAUSTED');
    const newer = { version: 3, micros: 11n * DOLLAR };
    expect(await line.ask(line.task(), DOLLAR, { cap: newer })).toBe('HELD');
    const changes = await database.asSuper<{ micros: string }>(
      "select micros::text from budget.ledger_entry where org_id = $1 and kind = 'LIMIT_CHANGE' order by id",
      [line.org],
    );
    expect(changes.map(({ micros }) => micros)).toEqual(['10000000', '11000000']);
  });

  it('correct what was assumed once, however often and wherever it is told', async () => {
    const line = new Line();
    const key = line.task();
    await line.ask(key, 10n * DOLLAR);
    await line.replica.run({ attempts: [{ key, attempt: 1 }], accounts: [] }, (ledger) =>
      ledger.finish(key, 1, 10n * DOLLAR, 'ASSUMED'),
    );
    const outcomes = await times(9, (i) => line.correct(key, (12n + BigInt(i % 2)) * DOLLAR));
    expect(count(outcomes, 'DONE')).toBeGreaterThanOrEqual(1);
    expect(await line.amounts()).toEqual([0n, 13n * DOLLAR]);
  });

  it('tell every threshold once, and every overrun', async () => {
    const line = new Line();
    const keys = Array.from({ length: 30 }, () => line.task());
    await Promise.all(keys.map((key) => line.ask(key, 5n * DOLLAR)));
    await Promise.all(keys.slice(0, 2).map((key) => line.finish(key, 6n * DOLLAR)));
    const events = (await reports.events(line.org, 100)).map((e) => `${e.kind} ${e.percent ?? e.micros} ${e.severity}`);
    const told = ['BUDGET_THRESHOLD 50 INFO', 'BUDGET_THRESHOLD 80 WARNING', 'BUDGET_THRESHOLD 100 HIGH'];
    const over = events.filter((event) => event === 'BUDGET_OVERRUN 1000000 HIGH');
    expect([...events].sort()).toEqual([...told, ...over].sort());
    const alerts = log.lines.filter((entry) => entry['org'] === line.org);
    expect(alerts.map((entry) => `${String(entry['alert'])} ${String(entry['severity'])}`)).toHaveLength(events.length);
    const [first] = await reports.events(line.org, 1, 0);
    expect(first?.scope).toEqual({ type: 'CONNECTION', id: line.connection.id });
  });
});

describe('what an owner does', () => {
  const act = (id: string): { actor: string; reason: string; command: string } => ({
    actor: 'operator:local',
    reason: 'a test',
    command: id,
  });

  it('is done once under its key, on whichever replica it arrives', async () => {
    const line = new Line();
    const command = { org: line.org, id: anId() };
    await times(6, () =>
      line.replica.runOnce(line.scope(), command, (ledger) => {
        ledger.topUp(line.connection, 5n * DOLLAR, act(command.id));
      }),
    );
    expect(await line.ask(line.task(), 105n * DOLLAR)).toBe('HELD');
    expect(await line.ask(line.task(), 0n)).toBe('BUDGET_CONNECTION_EXHAUSTED');
    await line.amounts();
  });

  it('lets a period begin anew exactly once, of many at once', async () => {
    const line = new Line();
    const key = line.task();
    await line.ask(key, 100n * DOLLAR);
    await line.finish(key, 100n * DOLLAR);
    const done = await times(6, () => {
      const id = anId();
      return line.replica.runOnce(
        line.scope(),
        { org: line.org, id },
        (ledger) => ledger.reset(line.connection, act(id)) !== undefined,
      );
    });
    expect(done.filter(Boolean)).toHaveLength(1);
    expect(await line.ask(line.task(), 100n * DOLLAR)).toBe('HELD');
    expect(await line.amounts()).toEqual([100n * DOLLAR, 100n * DOLLAR]);
  });
});

describe('a look', () => {
  it('says what would become of a request, and leaves nothing', async () => {
    const line = new Line();
    const look = (amount: Micros): Promise<string> => {
      const key = line.task();
      const scopes = [line.connection];
      const request = { key, attempt: 1, round: 1, scopes, amount, priceBookVersion: 1, expiresAt: 0, today: MONTH };
      return line.replica.look(line.scope(key), (ledger) => said(ledger.reserve(request)));
    };
    expect([await look(100n * DOLLAR), await look(101n * DOLLAR)]).toEqual(['HELD', 'BUDGET_CONNECTION_EXHAUSTED']);
    expect(await reports.budgets(line.org)).toEqual([]);
    await line.ask(line.task(), 60n * DOLLAR);
    expect([await look(40n * DOLLAR), await look(41n * DOLLAR)]).toEqual(['HELD', 'BUDGET_CONNECTION_EXHAUSTED']);
    expect(await line.amounts()).toEqual([60n * DOLLAR, 0n]);
  });
});
