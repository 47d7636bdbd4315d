import { describe, expect, it } from '@jest/globals';
import type { BudgetState } from '@countersign/contracts';
import { anId } from '@countersign/testing';
import { budgetRow } from './budget.js';

const id = anId();
const state: BudgetState = {
  ...{ scope: { type: 'AGENT', id }, period: '2026-11', limitMicros: '100000000', topupMicros: '5000000' },
  ...{ reservedMicros: '10000000', spentMicros: '40000000', resetBaseMicros: '20000000' },
};

describe('a budget', () => {
  it('is shown with what is left of cap and top-up since it was reset, and by name', () => {
    expect(budgetRow(state, new Map([[id, 'caller']]))).toEqual([
      'AGENT',
      '2026-11',
      '100.00',
      '5.00',
      '10.00',
      '40.00',
      '75.00',
      'caller',
    ]);
  });

  it('has nothing left rather than less, and no end without a cap', () => {
    expect(budgetRow({ ...state, spentMicros: '900000000' }, new Map())[6]).toBe('0.00');
    expect(budgetRow({ ...state, limitMicros: null }, new Map())[6]).toBe('any');
  });
});
