import { isTerminal, type Evaluation as Round } from '@countersign/contracts';
import type { TaskRecord } from './model.js';

/** A row before and after a change. */
export interface RowMove {
  readonly before?: TaskRecord | undefined;
  readonly record: TaskRecord;
  /** The row of a further attempt, which began with this change. */
  readonly fresh?: boolean;
}

/**
 * The round that ended with a change, if one did: its task or attempt has ended, waits for people, or is judged in another round. What ends while it waits for people
 * had ended for its trace when it began to wait.
 */
export function endedRound({ before, record, fresh = false }: RowMove): number | undefined {
  if (fresh || before?.state === 'AWAITING_APPROVAL' || (before !== undefined && isTerminal(before.state)))
    return undefined;
  if (isTerminal(record.state) || record.state === 'AWAITING_APPROVAL') return record.round;
  return record.state === 'EVALUATING' ? record.round - 1 : undefined;
}

/** The round in which a task waited for people until this change. */
export function leftWaiting({ before, record }: RowMove): (Round & { readonly since: number }) | undefined {
  if (before === undefined || before.state === record.state) return undefined;
  if (before.state !== 'AWAITING_APPROVAL' && before.state !== 'AWAITING_OUTPUT_APPROVAL') return undefined;
  const { key, attempt, round } = before;
  const since = askedAt(before, round, before.state === 'AWAITING_APPROVAL' ? 'PRE_RELEASE' : 'OUTPUT');
  return since === undefined ? undefined : { key, attempt, round, since };
}

/** How long people took to let a round begin (ms); undefined where nobody was asked before it. */
export function waitedFor(record: TaskRecord, round: number): number | undefined {
  const since = askedAt(record, round - 1, 'PRE_RELEASE');
  if (since === undefined || record.approvedAt === undefined || record.round !== round) return undefined;
  return Math.max(0, record.approvedAt - since);
}

function askedAt({ requests = [] }: TaskRecord, round: number, stage: 'PRE_RELEASE' | 'OUTPUT'): number | undefined {
  const asked = requests.filter((request) => request.round === round && request.stage === stage);
  return asked.length === 0 ? undefined : Math.min(...asked.map(({ requestedAt }) => requestedAt));
}
