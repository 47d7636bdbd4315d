import { NoMetrics } from '@countersign/telemetry';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Micros } from '@countersign/primitives';
import type { TaskKey } from '@countersign/contracts';
import { anId, aTaskKey, silentLogger, testDatabase, type TestDatabase } from '@countersign/testing';
import type { ScopeKey, ScopeType } from '../../domain/accounts.js';
import type { Cap } from '../../domain/caps.js';
import type { Ledger } from '../../domain/ledger.js';
import { budgetMigrations } from '../../migrations/index.js';
import { BudgetReports } from './budget.reports.js';
import type { LedgerScope } from './ledger-rows.js';
import { LedgerStore } from './ledger.store.js';
import { LEDGER_CASES, type Caps, type Step } from '../../spec-support/ledger-cases.js';

const TYPES: readonly (readonly [ScopeType, keyof Caps])[] = [
  ['ORG', 'organization'],
  ['AGENT', 'agent'],
  ['CONNECTION', 'connection'],
];
const micros = (dollars: number): Micros => BigInt(Math.round(dollars * 1_000_000));

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

/** The books of one organisation in the database; every step is a transaction of its own, and caps that change are new versions of their policies. */
class StoredBooks {
  readonly org = anId();
  readonly #ids = { organization: this.org, agent: anId(), connection: anId() };
  readonly #tasks = new Map<string, TaskKey>();
  readonly #caps = new Map<keyof Caps, Cap>();

  constructor(private readonly caps: Caps) {}

  step(step: Step): Promise<string> {
    const { attempt = 1, amount = 0, month = '2026-11' } = step;
    const { settle, release, correct } = step;
    const ended = settle ?? release ?? correct;
    if (ended !== undefined) {
      const key = this.#task(ended);
      return store.run({ attempts: [{ key, attempt }], accounts: [] }, (ledger) => {
        if (correct !== undefined) return ledger.correct(key, attempt, micros(amount));
        return ledger.finish(key, attempt, settle === undefined ? undefined : micros(amount), 'REPORTED');
      });
    }
    const accounts = this.#accounts(month, step.caps ?? this.caps);
    if (step.reserve === undefined) return this.#act(step, accounts);
    return this.#reserve(step, accounts, this.#task(step.reserve));
  }

  #reserve(step: Step, accounts: LedgerScope['accounts'], key: TaskKey): Promise<string> {
    const { attempt = 1, round = 1, amount = 0, month = '2026-11', replaces, cost, day = 1 } = step;
    const attempts = [attempt, ...(replaces === undefined ? [] : [replaces])].map((n) => ({ key, attempt: n }));
    const settled = cost === undefined ? undefined : micros(cost);
    return store.run({ attempts, accounts }, (ledger) => {
      const outcome = ledger.reserve({
        key,
        attempt,
        round,
        scopes: accounts.map((account) => account.key),
        amount: micros(amount),
        priceBookVersion: step.prices ?? 1,
        expiresAt: Date.UTC(2096, 0),
        today: `${month}-${String(day).padStart(2, '0')}`,
        askAbove: step.askAbove === undefined ? undefined : micros(step.askAbove),
        ...(replaces === undefined ? {} : { replaces: { attempt: replaces, settle: settled } }),
      });
      if (!outcome.ok) return outcome.code;
      return outcome.reservation.asksAbove === undefined ? outcome.reservation.state : 'ASK';
    });
  }

  #act({ topup, reset, amount = 0 }: Step, accounts: LedgerScope['accounts']): Promise<string> {
    const [type] = TYPES.find(([, name]) => name === (topup ?? reset)) ?? [];
    const scope = accounts.find(({ key }) => key.type === type)?.key;
    if (scope === undefined) throw new Error('a step names no budget');
    const act = { actor: 'operator:local', reason: 'a case' };
    const change = (ledger: Ledger): unknown =>
      topup === undefined ? ledger.reset(scope, act) : ledger.topUp(scope, micros(amount), act);
    return store.run({ attempts: [], accounts }, (ledger) => (change(ledger) === undefined ? 'REFUSED' : 'DONE'));
  }

  #accounts(period: string, caps: Caps): LedgerScope['accounts'] {
    return TYPES.map(([type, name]) => {
      const cap = caps[name] === undefined ? undefined : micros(caps[name]);
      const known = this.#caps.get(name);
      const policy =
        known?.micros === cap && known !== undefined ? known : { version: (known?.version ?? 0) + 1, micros: cap };
      this.#caps.set(name, policy);
      const key: ScopeKey = { org: this.org, type, id: this.#ids[name], period };
      return { key, caps: { policy } };
    });
  }

  #task(name: string): TaskKey {
    const key = this.#tasks.get(name) ?? aTaskKey({ org: this.org, agent: this.#ids.agent });
    this.#tasks.set(name, key);
    return key;
  }

  /** Reserved and spent of every budget that is not empty. */
  async state(): Promise<Record<string, readonly [Micros, Micros]>> {
    const rows = await reports.budgets(this.org);
    return Object.fromEntries(
      rows
        .filter((row) => row.reserved_micros !== 0n || row.spent_micros !== 0n)
        .map((row) => [`${row.scope_type} ${row.period}`, [row.reserved_micros, row.spent_micros] as const]),
    );
  }
}

describe('a ledger in the database', () => {
  it.each(LEDGER_CASES.map((example) => [example.name, example] as const))('%s', async (_name, example) => {
    const books = new StoredBooks(example.caps);
    const said: string[] = [];
    for (const step of example.steps) said.push(await books.step(step));
    expect(said).toEqual(example.steps.map(({ is }) => is));
    const expected = Object.entries(example.then).flatMap(([month, [reserved, spent]]) =>
      TYPES.map(([type]) => [`${type} ${month}`, [micros(reserved), micros(spent)]] as const),
    );
    expect(await books.state()).toEqual(Object.fromEntries(expected));
    if (example.events !== undefined) expect(await reports.events(books.org, 100)).toHaveLength(example.events.length);
    expect(await reports.differences(books.org)).toEqual([]);
  });
});
