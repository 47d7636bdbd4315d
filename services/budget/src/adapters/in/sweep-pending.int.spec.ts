import { NoMetrics } from '@countersign/telemetry';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CommandClient } from '@countersign/bus';
import { aTaskKey, silentLogger, testDatabase, type TestDatabase } from '@countersign/testing';
import { budgetMigrations } from '../../migrations/index.js';
import { BudgetReports } from '../out/budget.reports.js';
import { LedgerStore } from '../out/ledger.store.js';
import { SweepExpiredHolds } from './sweep-expired-holds.timer.js';

class Nobody extends CommandClient {
  constructor() {
    super({} as ConstructorParameters<typeof CommandClient>[0]);
  }
}

let database: TestDatabase;
let ledger: LedgerStore;
let reports: BudgetReports;
let sweeper: SweepExpiredHolds;

beforeAll(async () => {
  database = await testDatabase('budget', budgetMigrations);
  const opened = await database.open();
  ledger = new LedgerStore(opened, silentLogger('budget'), new NoMetrics());
  reports = new BudgetReports(opened);
  sweeper = new SweepExpiredHolds(ledger, new Nobody(), silentLogger('budget'));
});
afterAll(() => database.drop());

describe('a charge that comes before its hold', () => {
  it('is kept, and booked when the hold is there, once', async () => {
    const key = aTaskKey();
    const attempts = [{ key, attempt: 1 }];
    const early = (): Promise<string> =>
      ledger.run({ attempts, accounts: [] }, (locked) => locked.finish(key, 1, 4_000_000n, 'REPORTED'));
    expect([await early(), await early()]).toEqual(['RETRY', 'RETRY']);
    await sweeper.settlePending();
    expect(await reports.holds(key)).toEqual([]);
    const scope = { org: key.org, type: 'ORG', id: key.org, period: '2026-11' } as const;
    const accounts = [{ key: scope, caps: { policy: { version: 0, micros: undefined } } }];
    await ledger.run({ attempts, accounts }, (locked) =>
      locked.reserve({
        key,
        attempt: 1,
        round: 1,
        scopes: [scope],
        amount: 10_000_000n,
        priceBookVersion: 1,
        expiresAt: Date.UTC(2030, 0),
        today: '2026-11-15',
      }),
    );
    await sweeper.settlePending();
    await sweeper.settlePending();
    const [hold] = await reports.holds(key);
    expect([hold?.state, hold?.settled_micros, hold?.source]).toEqual(['SETTLED', 4_000_000n, 'REPORTED']);
    expect(await reports.differences(key.org)).toEqual([]);
    expect(await database.asSuper('select 1 from budget.pending_settlement')).toEqual([]);
  });
});
