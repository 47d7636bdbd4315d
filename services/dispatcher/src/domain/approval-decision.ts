import { DEADLINE, TIMERS, type ReasonCode } from '@countersign/contracts';
import { approversOf, missingOf, union, withRequestsClosed, type ApprovalRequest } from './approval-request.js';
import { asksOfInjection } from './approval-terms.js';
import { whyIneligible, type Decider, type Involvement } from './eligibility.js';
import { end } from './ending.js';
import { fatigueOf } from './fatigue.js';
import type { TaskRecord } from './model.js';
import { permitted } from './transitions.js';

/** What a person says to the request of their organisation, as it was shown to them. */
export interface SaidDecision {
  readonly person: Decider;
  readonly decision: 'APPROVE' | 'REJECT';
  readonly unsafe: boolean;
  readonly round: number;
  readonly actionDigest: string;
  /** One of many in one call. */
  readonly bulk: boolean;
}

/** What deciding depends on besides the row; instants in ms, `now` by the database's clock. */
export interface DecisionFacts extends Pick<Involvement, 'registrars'> {
  readonly now: number;
  /** When this person approved anything lately. */
  readonly approvals: readonly number[];
  /** Whether what somebody approved before still counts. */
  readonly stands: (person: string) => boolean;
}

/** What a decision leads to. */
export type DecisionOutcome =
  | { readonly kind: 'refused'; readonly code: ReasonCode; readonly message: string }
  /** The same was said before: nothing happens twice. */
  | { readonly kind: 'repeated'; readonly request: ApprovalRequest }
  | {
      readonly kind: 'counted';
      readonly record: TaskRecord;
      readonly cause: string;
      readonly request: ApprovalRequest;
      /** Counts the decisions of this round. */
      readonly number: number;
      readonly alerts: boolean;
    };

const refused = (code: ReasonCode, message: string): DecisionOutcome => ({ kind: 'refused', code, message });

/**
 * Takes what a person says about a locked row. One rejection is final; when everybody who is needed has approved in every organisation that asks, the task is judged
 * anew, or its result delivered. An approval never releases by itself.
 */
export function decideRequest(row: TaskRecord, said: SaidDecision, facts: DecisionFacts): DecisionOutcome {
  const request = row.requests?.findLast((r) => r.org === said.person.org && r.round === said.round);
  if (request === undefined)
    return row.requests?.some((r) => r.org === said.person.org) === true
      ? refused('APPROVAL_STALE_DIGEST', 'another round is asked about; look at it again')
      : refused('TASK_NOT_FOUND', 'no task asks this organisation under this id');
  const before = request.decisions.find(({ person }) => person === said.person.operator);
  if (before?.decision === said.decision) return { kind: 'repeated', request };
  if (before !== undefined) return refused('ALREADY_EXISTS', 'this person has decided already');
  return (
    whyNotOpen(row, request, said, facts.now) ??
    whyNotThisPerson(row, request, said, facts) ??
    count(row, request, said, facts)
  );
}

function whyNotOpen(
  row: TaskRecord,
  request: ApprovalRequest,
  said: SaidDecision,
  now: number,
): DecisionOutcome | undefined {
  const waits = row.state === (request.stage === 'OUTPUT' ? 'AWAITING_OUTPUT_APPROVAL' : 'AWAITING_APPROVAL');
  if (!waits || request.status !== 'PENDING' || row.round !== request.round)
    return refused('NOT_FOUND', `the request is closed (${request.status}); the task is ${row.state}`);
  if (now >= request.expiresAt) return refused('APPROVAL_EXPIRED', 'the request has expired');
  return row.actionDigest === said.actionDigest
    ? undefined
    : refused('APPROVAL_STALE_DIGEST', 'the request has changed since it was shown; look at it again');
}

function whyNotThisPerson(
  row: TaskRecord,
  request: ApprovalRequest,
  said: SaidDecision,
  { now, registrars, approvals }: DecisionFacts,
): DecisionOutcome | undefined {
  const why = whyIneligible(said.person, { org: request.org, registrars, authors: row.facts.approval?.authors }, now);
  if (why !== undefined) return refused('APPROVAL_NOT_ELIGIBLE', why);
  if (said.bulk && whyNotInBulk(request) !== undefined)
    return refused('REQUEST_INVALID', `${whyNotInBulk(request) ?? ''}: decide it alone`);
  return said.decision === 'APPROVE' && fatigueOf(approvals, now).refused
    ? refused('APPROVAL_NOT_ELIGIBLE', 'more than 60 approvals in ten minutes; no more are taken for ten minutes')
    : undefined;
}

/** Why a request has to be looked at alone; undefined when many may be approved in one call. */
export function whyNotInBulk({ required, severity, reasons }: ApprovalRequest): string | undefined {
  if (required > 1) return 'it needs two people';
  if (asksOfInjection(reasons)) return 'it is about an injection';
  return severity === 'CRITICAL' ? 'it is critical' : undefined;
}

function count(
  row: TaskRecord,
  request: ApprovalRequest,
  { person, decision, unsafe }: SaidDecision,
  { now, approvals, stands }: DecisionFacts,
): DecisionOutcome {
  const counted: ApprovalRequest = {
    ...request,
    decisions: [...request.decisions, { person: person.operator, decision, unsafe, at: now }],
  };
  const status = decision === 'REJECT' ? 'REJECTED' : missingOf(counted, stands) === 0 ? 'APPROVED' : 'PENDING';
  const after: ApprovalRequest = { ...counted, status };
  const requests = (row.requests ?? []).map((r) => (r === request ? after : r));
  const current = requests.filter((r) => r.round === request.round && r.stage === request.stage);
  const { record, cause } = movedBy({ ...row, requests }, current, { now, stands });
  return {
    kind: 'counted',
    record: permitted(row.state, withRequestsClosed(record)),
    cause,
    request: after,
    number: current.reduce((sum, { decisions }) => sum + decisions.length, 0),
    alerts: decision === 'APPROVE' && fatigueOf(approvals, now).alerts,
  };
}

interface Moved {
  readonly record: TaskRecord;
  readonly cause: string;
}

type When = Pick<DecisionFacts, 'now' | 'stands'>;

function movedBy(row: TaskRecord, current: readonly ApprovalRequest[], when: When): Moved {
  if (current.some(({ status }) => status === 'REJECTED')) return rejected(row, when.now);
  if (current.some(({ status }) => status !== 'APPROVED')) return { record: row, cause: 'approved in part' };
  return row.state === 'AWAITING_OUTPUT_APPROVAL' ? delivered(row, current, when.now) : judgedAnew(row, current, when);
}

function rejected(row: TaskRecord, now: number): Moved {
  const code = { code: 'APPROVAL_REJECTED' } as const;
  const output = row.state === 'AWAITING_OUTPUT_APPROVAL';
  return output
    ? end(row, 'QUARANTINED', { now, cause: 'rejected', codes: [code, ...row.codes] })
    : end(row, 'DENIED', { now, cause: 'rejected', codes: [code] });
}

/** The task's clock runs on with what was left of it; the round that follows decides. */
function judgedAnew(row: TaskRecord, current: readonly ApprovalRequest[], { now, stands }: When): Moved {
  const { clockLeft, ...rest } = row;
  const record: TaskRecord = {
    ...rest,
    state: 'EVALUATING',
    round: row.round + 1,
    roundAt: now,
    covered: current.reduce((covered, { reasons }) => union(covered, reasons), row.covered),
    approvedBy: [...new Set([...(row.approvedBy ?? []), ...current.flatMap(approversOf).filter(stands)])],
    approvedAt: now,
    task: { ...row.task, deadline: now + (clockLeft ?? DEADLINE.minAfterHold) },
    timerAt: now + TIMERS.verdict + 60_000,
  };
  return { record, cause: 'approved' };
}

function delivered(row: TaskRecord, current: readonly ApprovalRequest[], now: number): Moved {
  const requests = row.requests?.map((r) => (current.includes(r) ? { ...r, status: 'USED' as const } : r)) ?? [];
  return end({ ...row, requests }, 'COMPLETED', { now, cause: 'approved', codes: row.codes });
}
