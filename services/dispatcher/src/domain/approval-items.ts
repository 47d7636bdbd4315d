import { formatInstant } from '@countersign/primitives';
import type { TransitionItem } from '@countersign/contracts';
import type { DecisionOutcome, SaidDecision } from './approval-decision.js';
import { itemsOfChange, type ItemHead } from './items.js';
import type { TaskRecord } from './model.js';

/** Items of a person's decision: what was decided by whom, and where it moved the task, how. `before` is the row that it was about. */
export function itemsOfPersonDecision(
  before: TaskRecord,
  { person, decision, unsafe, actionDigest }: SaidDecision,
  { record, cause, request, number }: Extract<DecisionOutcome, { kind: 'counted' }>,
  head: ItemHead,
): readonly TransitionItem[] {
  const { key, attempt, round, digest } = before;
  const said: TransitionItem = {
    type: 'approval',
    nonce: head.nonce(),
    task: { org: key.org, agent: key.agent, id: key.task },
    attempt,
    round,
    digest,
    at: formatInstant(head.now),
    number,
    stage: request.stage,
    org: request.org,
    decision,
    by: `user:${person.operator}`,
    actionDigest,
    ...(unsafe ? { unsafe } : {}),
  };
  return record.state === before.state ? [said] : [said, ...itemsOfChange({ record, cause }, head)];
}
