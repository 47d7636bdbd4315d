import type { Micros } from '@countersign/primitives';
import type { Severity, TaskKey } from '@countersign/contracts';
import { ceilingOf, committed, type Account, type ScopeKey } from './accounts.js';

/** A budget came to 50, 80 or 100 per cent of its cap, once each in a period; or an attempt cost more than was held for it. `micros`: what is committed; by how much. */
export type BudgetEvent =
  | {
      readonly kind: 'BUDGET_THRESHOLD';
      readonly severity: Severity;
      readonly scope: ScopeKey;
      readonly percent: number;
      readonly micros: Micros;
    }
  | {
      readonly kind: 'BUDGET_OVERRUN';
      readonly severity: Severity;
      readonly key: TaskKey;
      readonly attempt: number;
      readonly period: string;
      readonly micros: Micros;
    };

/** Thresholds in per cent of the cap, lowest first. */
const THRESHOLDS: readonly (readonly [percent: number, severity: Severity])[] = [
  [50, 'INFO'],
  [80, 'WARNING'],
  [100, 'HIGH'],
];

/** The thresholds that an account has come to and not told in this period; told from here on. A cap of nothing has none: nothing runs under it. */
export function tellThresholds(account: Account): readonly BudgetEvent[] {
  const cap = ceilingOf(account);
  if (cap === undefined || cap === 0n) return [];
  const micros = committed(account);
  const reached = THRESHOLDS.filter(([percent]) => percent > account.told && micros * 100n >= cap * BigInt(percent));
  account.told = reached.at(-1)?.[0] ?? account.told;
  return reached.map(([percent, severity]) => ({
    kind: 'BUDGET_THRESHOLD',
    severity,
    scope: account.key,
    percent,
    micros,
  }));
}
