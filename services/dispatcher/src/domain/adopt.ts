import { decide, recordOf } from './decide.js';
import type { Evaluation, TaskRecord } from './model.js';
import { permitted } from './transitions.js';

/**
 * The row that a decision makes; undefined when it comes too late: another decision of this round stands already, or the row has moved on. `before` is the row
 * as it was locked, `now` the database's clock in ms.
 */
export function adopt(
  evaluation: Evaluation,
  before: TaskRecord | undefined,
  { currency, now }: { readonly currency: string; readonly now: number },
): TaskRecord | undefined {
  // a later round and a further attempt have a row before they have a message
  const first = evaluation.round === 1 && evaluation.attempt === 1;
  if (before === undefined ? !first : before.state !== 'EVALUATING' || before.round !== evaluation.round)
    return undefined;
  return permitted('EVALUATING', recordOf(evaluation, decide(evaluation, before, currency), { before, now }));
}
