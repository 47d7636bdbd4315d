import { NoMetrics } from '@countersign/telemetry';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { formatInstant, type Micros } from '@countersign/primitives';
import type { TaskKey, TaskRow } from '@countersign/contracts';
import { CommandClient } from '@countersign/bus';
import { aTaskKey, silentLogger, testDatabase, type TestDatabase } from '@countersign/testing';
import type { ScopeKey } from '../../domain/accounts.js';
import { budgetMigrations } from '../../migrations/index.js';
import { BudgetReports } from '../out/budget.reports.js';
import { LedgerStore } from '../out/ledger.store.js';
import { SweepExpiredHolds } from './sweep-expired-holds.timer.js';

const HELD = 10_000_000n;
const PAGE = 100;
const MINUTE = 60_000;

/** A dispatcher that says of tasks what the test says, and nothing at all when it is silent. */
class Dispatcher extends CommandClient {
  readonly rows: TaskRow[] = [];
  silent = false;

  constructor() {
    super({} as ConstructorParameters<typeof CommandClient>[0]);
  }

  override call(): Promise<never> {
    return this.silent ? Promise.reject(new Error('nobody answers')) : Promise.resolve({ rows: this.rows } as never);
  }

  says(
    task: TaskKey,
    state: TaskRow['state'],
    claim: TaskRow['claim'],
    { attempt = 1, ...told }: Partial<Pick<TaskRow, 'attempt' | 'chargedMicros'>> = {},
  ): void {
    const at = formatInstant(Date.UTC(2026, 0));
    this.rows.push({ task, attempt, round: 1, state, claim, acceptedAt: at, updatedAt: at, ...told });
  }
}

let database: TestDatabase;
let ledger: LedgerStore;
let reports: BudgetReports;
let dispatcher: Dispatcher;
let sweeper: SweepExpiredHolds;

beforeAll(async () => {
  database = await testDatabase('budget', budgetMigrations);
  const opened = await database.open();
  ledger = new LedgerStore(opened, silentLogger('budget'), new NoMetrics());
  reports = new BudgetReports(opened);
});
beforeEach(async () => {
  await database.asSuper('truncate budget.reservation, budget.budget, budget.pending_settlement');
  dispatcher = new Dispatcher();
  sweeper = new SweepExpiredHolds(ledger, dispatcher, silentLogger('budget'));
});
afterAll(() => database.drop());

/** Holds of tasks of one organisation that should have ended so long ago; of the future, where it is negative. */
async function hold(tasks: readonly TaskKey[], overdueMs: number): Promise<void> {
  const [{ now = 0 } = {}] = await database.asSuper<{ now: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now',
  );
  const scopes = (org: string): readonly ScopeKey[] => [{ org, type: 'ORG', id: org, period: '2026-11' }];
  const scope = {
    attempts: tasks.map((key) => ({ key, attempt: 1 })),
    accounts: tasks.flatMap(({ org }) =>
      scopes(org).map((key) => ({ key, caps: { policy: { version: 0, micros: undefined } } })),
    ),
  };
  await ledger.run(scope, (locked) => {
    for (const key of tasks) {
      const request = { key, attempt: 1, round: 1, amount: HELD, priceBookVersion: 1, today: '2026-11-15' };
      locked.reserve({ ...request, scopes: scopes(key.org), expiresAt: Math.floor(now - overdueMs) });
    }
  });
}

const swept = async (key: TaskKey): Promise<readonly [string, Micros | null, string | null] | undefined> => {
  const [row] = await reports.holds(key);
  return row && [row.state, row.settled_micros, row.source];
};
const kept = ['HELD', null, null];

describe('the sweeper', () => {
  it.each<readonly [what: string, state: TaskRow['state'], claim: TaskRow['claim'], is: readonly unknown[]]>([
    ['releases what ended and was not handed over', 'DENIED', 'NONE', ['RELEASED', null, null]],
    ['releases what the target did not take', 'FAILED', 'UNDELIVERED', ['RELEASED', null, null]],
    ['settles in full what was handed over and never reported', 'EXPIRED', 'CLAIMED', ['SETTLED', HELD, 'ASSUMED']],
    ['keeps what still waits', 'AWAITING_APPROVAL', 'NONE', kept],
    ['keeps what still runs', 'DISPATCHED', 'CLAIMED', kept],
  ])('%s', async (_what, state, claim, is) => {
    const task = aTaskKey();
    await hold([task], MINUTE);
    dispatcher.says(task, state, claim);
    await sweeper.sweep();
    await sweeper.sweep();
    expect(await swept(task)).toEqual(is);
    expect(await reports.differences(task.org)).toEqual([]);
  });

  it('settles an attempt that was replaced at what it was charged', async () => {
    const task = aTaskKey();
    await hold([task], MINUTE);
    dispatcher.says(task, 'QUARANTINED', 'CLAIMED', { chargedMicros: '4000000' });
    await sweeper.sweep();
    expect(await swept(task)).toEqual(['SETTLED', 4_000_000n, 'REPORTED']);
    expect(await reports.differences(task.org)).toEqual([]);
  });

  it('keeps what has not expired, whatever became of it', async () => {
    const task = aTaskKey();
    await hold([task], -MINUTE);
    dispatcher.says(task, 'DENIED', 'NONE');
    await sweeper.sweep();
    expect(await swept(task)).toEqual(kept);
  });

  it('frees nothing while the dispatcher does not answer', async () => {
    const task = aTaskKey();
    await hold([task], 90 * MINUTE);
    dispatcher.silent = true;
    await expect(sweeper.sweep()).rejects.toThrow('nobody answers');
    expect(await swept(task)).toEqual(kept);
  });

  it('releases what nobody knows only when it is gone from the log too', async () => {
    const [young, old] = [aTaskKey(), aTaskKey()];
    await hold([young], 50 * MINUTE);
    await hold([old], 70 * MINUTE);
    await sweeper.sweep();
    expect([await swept(young), await swept(old)]).toEqual([kept, ['RELEASED', null, null]]);
  });

  it('does not take the row of another attempt for its own', async () => {
    const task = aTaskKey();
    await hold([task], MINUTE);
    dispatcher.says(task, 'DENIED', 'NONE', { attempt: 2 });
    await sweeper.sweep();
    expect(await swept(task)).toEqual(kept);
  });

  it('comes to the one that ended behind many that wait, of the same instant too', async () => {
    const { org } = aTaskKey();
    const waiting = Array.from({ length: 2 * PAGE }, () => aTaskKey({ org }));
    const ended = aTaskKey();
    await hold(waiting, 3 * MINUTE);
    await hold([ended], MINUTE);
    for (const task of waiting) dispatcher.says(task, 'AWAITING_APPROVAL', 'NONE');
    dispatcher.says(ended, 'DENIED', 'NONE');
    await sweeper.sweep();
    expect(await swept(ended)).toEqual(['RELEASED', null, null]);
    expect(await swept(waiting[0] ?? ended)).toEqual(kept);
  });
});
