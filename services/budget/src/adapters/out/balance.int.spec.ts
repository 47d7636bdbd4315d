import { NoMetrics } from '@countersign/telemetry';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TaskKey } from '@countersign/contracts';
import { anId, aTaskKey, silentLogger, testDatabase, type TestDatabase } from '@countersign/testing';
import type { ScopeKey } from '../../domain/accounts.js';
import { budgetMigrations } from '../../migrations/index.js';
import { BudgetReports } from './budget.reports.js';
import { LedgerStore } from './ledger.store.js';

let database: TestDatabase;
let store: LedgerStore;
let reports: BudgetReports;
let org: string;
let held: TaskKey;

beforeAll(async () => {
  database = await testDatabase('budget', budgetMigrations);
  const opened = await database.open();
  store = new LedgerStore(opened, silentLogger('budget'), new NoMetrics());
  reports = new BudgetReports(opened);
});
afterAll(() => database.drop());

/** Books in which everything happened that can happen: holds, settlements above and below, corrections, a move, a tombstone, top-up, reset, changed caps. */
beforeEach(async () => {
  org = anId();
  const connection = anId();
  const scope = (period: string): ScopeKey => ({ org, type: 'CONNECTION', id: connection, period });
  const keys = Array.from({ length: 7 }, () => aTaskKey({ org }));
  const [a, b, c, d, e, f, g] = keys as [TaskKey, TaskKey, TaskKey, TaskKey, TaskKey, TaskKey, TaskKey];
  held = a;
  const caps = (version: number, micros: bigint): { readonly policy: { version: number; micros: bigint } } => ({
    policy: { version, micros },
  });
  const attempts = keys.map((key) => ({ key, attempt: 1 }));
  const accounts = [scope('2026-11'), scope('2026-12')].map((key) => ({ key, caps: caps(1, 1000n) }));
  const act = { actor: 'operator:local', reason: 'a test' };
  await store.run({ attempts, accounts }, (ledger) => {
    const request = { attempt: 1, priceBookVersion: 1, expiresAt: Date.UTC(2030, 0), today: '2026-11-15' };
    for (const key of [a, b, c, d, e]) {
      ledger.reserve({ ...request, key, round: 1, amount: 100n, scopes: [scope('2026-11')] });
    }
    ledger.finish(b, 1, 80n, 'REPORTED');
    ledger.finish(c, 1, 130n, 'REPORTED');
    ledger.correct(c, 1, 150n);
    ledger.finish(d, 1, undefined, 'REPORTED');
    ledger.reserve({ ...request, key: e, round: 2, amount: 100n, scopes: [scope('2026-12')], today: '2026-12-01' });
    ledger.finish(f, 1, undefined, 'REPORTED');
    ledger.topUp(scope('2026-11'), 70n, act);
    ledger.reset(scope('2026-11'), act);
    ledger.follow(scope('2026-11'), caps(2, 500n));
    ledger.finish(g, 1, 9n, 'REPORTED');
  });
});

describe('the balance of the books', () => {
  it('has no differences, whatever happened in them', async () => {
    expect(await reports.differences(org)).toEqual([]);
  });

  it.each([
    ["update budget.budget set reserved_micros = reserved_micros - 1 where org_id = $1 and period = '2026-11'"],
    ["update budget.budget set spent_micros = spent_micros + 1 where org_id = $1 and period = '2026-12'"],
    ["update budget.budget set topup_micros = topup_micros + 1 where org_id = $1 and period = '2026-11'"],
    ["update budget.budget set reset_base_micros = reset_base_micros - 1 where org_id = $1 and period = '2026-11'"],
    ["update budget.budget set limit_micros = limit_micros + 1 where org_id = $1 and period = '2026-11'"],
    ["update budget.budget set limit_micros = null where org_id = $1 and period = '2026-12'"],
    ["update budget.budget set resets = 0 where org_id = $1 and period = '2026-11'"],
    ["update budget.budget set day_micros = day_micros - 1 where org_id = $1 and period = '2026-11'"],
    ['update budget.reservation set settled_micros = 79 where org_id = $1 and settled_micros = 80'],
    ['update budget.reservation set corrected_micros = 0 where org_id = $1 and corrected_micros > 0'],
    ["update budget.reservation set state = 'HELD' where org_id = $1 and state = 'RELEASED' and amount_micros > 0"],
    ["update budget.reservation set expires_at = now() - interval '74 hours' where org_id = $1 and state = 'HELD'"],
    ["update budget.pending_settlement set at = now() - interval '2 hours' where org_id = $1"],
    ["delete from budget.reservation where org_id = $1 and state = 'RELEASED'"],
    [
      "insert into budget.ledger_entry (org_id, kind, micros, period, actor, agent_id, task_id, attempt) select org_id, 'RELEASE', 1, period, 'x', agent_id, task_id, attempt from budget.ledger_entry where org_id = $1 and task_id is not null limit 1",
    ],
    [
      "insert into budget.ledger_entry (org_id, kind, micros, period, actor, scope_type, scope_id) select org_id, 'TOPUP', 1, period, 'x', scope_type, scope_id from budget.ledger_entry where org_id = $1 and scope_id is not null limit 1",
    ],
  ])('shows: %s', async (sql) => {
    await database.asSuper(sql, [org]);
    expect((await reports.differences(org)).length).toBeGreaterThan(0);
  });

  it('names the attempt and what differs, and shows another organisation nothing', async () => {
    await database.asSuper('update budget.reservation set amount_micros = 99 where org_id = $1 and task_id = $2', [
      org,
      held.task,
    ]);
    const found = await reports.differences(org);
    expect(found.some((line) => line.includes(held.task) && line.includes('99'))).toBe(true);
    expect(await reports.differences(anId())).toEqual([]);
  });
});
