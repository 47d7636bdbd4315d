import { describe, expect, it } from '@jest/globals';
import type { BudgetState } from '@countersign/contracts';
import { anId } from '@countersign/testing';
import type { CappedScope } from './budget-scopes.js';
import { budgetsNow } from './budgets-now.js';

const id = anId();
const row = (period: string, limitMicros: string | null): BudgetState => ({
  ...{ scope: { type: 'AGENT', id }, period, limitMicros },
  ...{ topupMicros: '1', reservedMicros: '2', spentMicros: '3', resetBaseMicros: '0' },
});
const capped = (micros: bigint | undefined, surface?: bigint): CappedScope => ({
  ...{ type: 'AGENT', id },
  caps: {
    policy: { version: 2, micros },
    ...(surface === undefined ? {} : { surface: { version: 1, micros: surface } }),
  },
});

describe('budgets that are shown', () => {
  it('have the cap of now in the running period, and what was spent as it stands in the row', () => {
    expect(budgetsNow([row('2026-11', null)], [capped(500n)], '2026-11')).toEqual([row('2026-11', '500')]);
  });

  it('show that a cap was taken away', () => {
    expect(budgetsNow([row('2026-11', '500')], [capped(undefined)], '2026-11')).toEqual([row('2026-11', null)]);
  });

  it('show the lowest of the caps of policy and surface', () => {
    expect(budgetsNow([], [capped(500n, 400n)], '2026-11')).toMatchObject([{ limitMicros: '400' }]);
  });

  it('are there before their first task where they have a cap, and are not where they have none', () => {
    expect(budgetsNow([], [capped(500n)], '2026-11')).toMatchObject([
      { period: '2026-11', limitMicros: '500', spentMicros: '0', reservedMicros: '0' },
    ]);
    expect(budgetsNow([], [capped(undefined)], '2026-11')).toEqual([]);
  });

  it('keep the cap of earlier periods', () => {
    const shown = budgetsNow([row('2026-10', '100')], [capped(500n)], '2026-11');
    expect(shown.map((b) => [b.period, b.limitMicros])).toEqual([
      ['2026-11', '500'],
      ['2026-10', '100'],
    ]);
  });
});
