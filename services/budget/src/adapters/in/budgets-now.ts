import type { BudgetState } from '@countersign/contracts';
import { lowestCap } from '../../domain/caps.js';
import type { CappedScope } from './budget-scopes.js';

/**
 * Budgets as they stand now: a row learns a new cap with the next task, people want to see it at once. Rows of the running period show the caps of now, a capped
 * budget that nothing has touched in this period is shown as untouched, and earlier periods stay as they were.
 */
export function budgetsNow(
  rows: readonly BudgetState[],
  scopes: readonly CappedScope[],
  period: string,
): readonly BudgetState[] {
  const caps = new Map(scopes.map((scope) => [scope.id, limitOf(scope)]));
  const running = rows.filter((row) => row.period === period);
  const touched = new Set(running.map(({ scope }) => scope.id));
  const untouched = scopes.filter((scope) => !touched.has(scope.id) && limitOf(scope) !== null);
  return [
    ...running.map((row) => ({
      ...row,
      limitMicros: caps.has(row.scope.id) ? (caps.get(row.scope.id) ?? null) : row.limitMicros,
    })),
    ...untouched.map((scope) => untouchedState(scope, period)),
    ...rows.filter((row) => row.period !== period),
  ];
}

function limitOf({ caps: { policy, surface } }: CappedScope): string | null {
  return lowestCap({ policy, surface })?.toString() ?? null;
}

function untouchedState(scope: CappedScope, period: string): BudgetState {
  const nothing = { topupMicros: '0', reservedMicros: '0', spentMicros: '0', resetBaseMicros: '0' };
  return { scope: { type: scope.type, id: scope.id }, period, limitMicros: limitOf(scope), ...nothing };
}
