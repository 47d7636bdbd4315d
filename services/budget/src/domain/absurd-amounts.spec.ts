import { describe, expect, it } from '@jest/globals';
import { MAX_MICROS } from '@countersign/primitives';
import { MAX_AMOUNT_MICROS } from '@countersign/contracts';
import { emptyAccount, scopeText, type Account, type ScopeKey } from './accounts.js';
import { Ledger, type ReserveRequest } from './ledger.js';

const scope: ScopeKey = { org: 'o', type: 'ORG', id: 'o', period: '2026-03' };
const account = (limit?: bigint): Account => emptyAccount(scope, limit);
const request = (attempt: number, amount: bigint): ReserveRequest => ({
  key: { org: 'o', agent: 'a', task: 't' },
  attempt,
  round: 1,
  scopes: [scope],
  amount,
  priceBookVersion: 1,
  expiresAt: 0,
  today: '2026-03-15',
});

describe('absurd amounts', () => {
  it('are counted up to what a row holds, so that settling them never fails the batch of everybody else', () => {
    const held = account();
    const ledger = new Ledger(new Map([[scopeText(scope), held]]), new Map());
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      ledger.reserve(request(attempt, 1n));
      ledger.finish(request(attempt, 1n).key, attempt, MAX_AMOUNT_MICROS, 'REPORTED');
    }
    expect([held.spent <= MAX_MICROS, held.spent > 9n * MAX_AMOUNT_MICROS]).toEqual([true, true]);
  });

  it.each([undefined, MAX_AMOUNT_MICROS])('are not held beyond what a row holds, with a cap of %p', (limit) => {
    const held = account(limit);
    const ledger = new Ledger(new Map([[scopeText(scope), held]]), new Map());
    const outcomes = Array.from({ length: 12 }, (_, i) => ledger.reserve(request(i + 1, MAX_AMOUNT_MICROS)));
    expect(held.reserved + held.spent <= MAX_MICROS).toBe(true);
    expect(outcomes.at(-1)).toEqual({ ok: false, code: 'BUDGET_ORG_EXHAUSTED', scope, standing: [expect.anything()] });
  });
});
