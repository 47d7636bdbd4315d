import { voided } from './approval-request.js';
import type { ApprovalTerms } from './approval-terms.js';
import { decide, recordOf } from './decide.js';
import type { Evaluation, TaskRecord } from './model.js';
import { permitted } from './transitions.js';

/** What adopting depends on besides the verdicts; `now` is the database's clock in ms. */
export interface AdoptionContext {
  readonly currency: string;
  readonly now: number;
  readonly terms: ApprovalTerms;
}

/**
 * The row that a decision makes; undefined when it comes too late: another decision of this round stands already, or the row has moved on. `before` is the row
 * as it was locked.
 */
export function adopt(
  evaluation: Evaluation,
  before: TaskRecord | undefined,
  { currency, now, terms }: AdoptionContext,
): TaskRecord | undefined {
  // a later round and a further attempt have a row before they have a message
  const first = evaluation.round === 1 && evaluation.attempt === 1;
  if (before === undefined ? !first : before.state !== 'EVALUATING' || before.round !== evaluation.round)
    return undefined;
  const standing = before === undefined ? undefined : withStandingApprovals(before, terms);
  const decision = decide(evaluation, standing, currency);
  return permitted('EVALUATING', recordOf(evaluation, decision, { before: standing, now, currency, terms }));
}

/** Without all that was approved when somebody who approved it was disabled for cause since: people are asked again. */
function withStandingApprovals(row: TaskRecord, { stands }: ApprovalTerms): TaskRecord {
  if ((row.approvedBy ?? []).every(stands)) return row;
  const { approvedBy: _by, approvedAt: _at, action: _action, ...rest } = row;
  return { ...rest, covered: [], ...(row.requests === undefined ? {} : { requests: voided(row.requests) }) };
}
