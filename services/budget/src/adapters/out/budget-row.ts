import type { ScopeType } from '../../domain/accounts.js';

/** A row of `budget.budget`: how a budget stands. */
export interface BudgetRow {
  readonly scope_type: ScopeType;
  readonly scope_id: string;
  readonly period: string;
  readonly limit_micros: bigint | null;
  readonly topup_micros: bigint;
  readonly reserved_micros: bigint;
  readonly spent_micros: bigint;
  readonly reset_base_micros: bigint;
}
