import { NoMetrics } from '@countersign/telemetry';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { anId, aTaskKey, silentLogger, testDatabase, type TestDatabase } from '@countersign/testing';
import type { ScopeKey } from '../../domain/accounts.js';
import { budgetMigrations } from '../../migrations/index.js';
import type { LedgerScope } from './ledger-rows.js';
import { LedgerStore } from './ledger.store.js';

let database: TestDatabase;
let store: LedgerStore;
beforeAll(async () => {
  database = await testDatabase('budget', budgetMigrations);
  store = new LedgerStore(await database.open(), silentLogger('budget'), new NoMetrics());
});
afterAll(() => database.drop());

function aClient(): { readonly accounts: LedgerScope['accounts']; readonly reserve: () => Promise<string> } {
  const org = anId();
  const scopes: readonly ScopeKey[] = [
    { org, type: 'ORG', id: org, period: '2026-11' },
    { org, type: 'AGENT', id: anId(), period: '2026-11' },
  ];
  const accounts = scopes.map((key) => ({ key, caps: { policy: { version: 1, micros: 3n } } }));
  const reserve = async (): Promise<string> => {
    const key = aTaskKey({ org });
    const request = {
      ...{ key, attempt: 1, round: 1, scopes, amount: 1n, priceBookVersion: 1 },
      ...{ expiresAt: Date.UTC(2030, 0), today: '2026-11-15' },
    };
    const outcome = await store.run({ attempts: [{ key, attempt: 1 }], accounts }, (ledger) => ledger.reserve(request));
    return outcome.ok ? outcome.reservation.state : outcome.code;
  };
  return { accounts, reserve };
}

describe('accounts that were made', () => {
  it('are made once more when their rows are gone', async () => {
    const { accounts, reserve } = aClient();
    expect([await reserve(), await reserve(), await reserve()]).toEqual(['HELD', 'HELD', 'HELD']);
    expect(await reserve()).toBe('BUDGET_ORG_EXHAUSTED');
    const org = accounts[0]?.key.org;
    await database.asSuper("delete from budget.budget where org_id = $1 and scope_type = 'AGENT'", [org]);
    await database.asSuper('update budget.budget set reserved_micros = 0 where org_id = $1', [org]);
    expect([await reserve(), await reserve(), await reserve()]).toEqual(['HELD', 'HELD', 'HELD']);
    expect(await reserve()).toBe('BUDGET_ORG_EXHAUSTED');
  });

  it('do not count as made by a transaction that was rolled back', async () => {
    const { accounts, reserve } = aClient();
    const failing = store.run({ attempts: [], accounts }, () => {
      throw new Error('the work failed');
    });
    await expect(failing).rejects.toThrow('the work failed');
    expect(await reserve()).toBe('HELD');
  });
});
