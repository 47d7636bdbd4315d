import type { Covered, ReasonCode, Severity, TaskState } from '@countersign/contracts';

/** A reason to ask people, with the organisation whose policy or guardrail asks: the same code of two organisations is two reasons. */
export interface AskedReason extends Covered {
  readonly org: string;
}

/** Before anything is released, or of a result before it is delivered. */
export type ApprovalStage = 'PRE_RELEASE' | 'OUTPUT';

/** How a request stands. INVALIDATED: something else has to be approved, or nothing any more; USED: the task was released or delivered on it. */
export type RequestStatus = 'PENDING' | 'APPROVED' | 'REJECTED' | 'EXPIRED' | 'CANCELLED' | 'INVALIDATED' | 'USED';

/** What one person decided; `at` in ms. A person decides a request once. */
export interface PersonDecision {
  readonly person: string;
  readonly decision: 'APPROVE' | 'REJECT';
  readonly unsafe: boolean;
  readonly at: number;
}

/** What one organisation is asked in one round of an attempt. It is part of the task's row, so a decision and its effect are one write. Instants in ms. */
export interface ApprovalRequest {
  readonly org: string;
  readonly round: number;
  readonly stage: ApprovalStage;
  readonly reasons: readonly AskedReason[];
  readonly severity: Severity;
  /** How many different people have to approve. */
  readonly required: 1 | 2;
  readonly status: RequestStatus;
  readonly requestedAt: number;
  readonly expiresAt: number;
  readonly decisions: readonly PersonDecision[];
}

/** Whether two reasons are the same. */
export function sameReason(a: AskedReason, b: AskedReason): boolean {
  return a.service === b.service && a.code === b.code && a.id === b.id && a.org === b.org;
}

/** Both lists, each reason once. */
export function union(a: readonly AskedReason[], b: readonly AskedReason[]): readonly AskedReason[] {
  return [...a, ...b.filter((reason) => !a.some((known) => sameReason(known, reason)))];
}

/** People who have approved a request. */
export function approversOf({ decisions }: Pick<ApprovalRequest, 'decisions'>): readonly string[] {
  return decisions.flatMap(({ person, decision }) => (decision === 'APPROVE' ? [person] : []));
}

/** How many more people have to approve a request, when only the approvals of those count who `stand`. */
export function missingOf(request: ApprovalRequest, stands: (person: string) => boolean): number {
  return Math.max(0, request.required - approversOf(request).filter(stands).length);
}

/** Approvals that count no more: something else is asked, or whoever gave them was disabled for cause. */
export function voided(requests: readonly ApprovalRequest[]): readonly ApprovalRequest[] {
  return requests.map((request) => (request.status === 'APPROVED' ? { ...request, status: 'INVALIDATED' } : request));
}

/** A row with requests, as far as closing them goes. */
interface Asking {
  readonly state: TaskState;
  readonly primary?: ReasonCode;
  readonly requests?: readonly ApprovalRequest[];
}

/**
 * Brings the requests of a row in line with the state that it came to: what waits while nobody is asked any more is expired or cancelled, an approval that the task
 * was released on is used, one that it ended without is void. The row itself when nothing changes.
 */
export function withRequestsClosed<R extends Asking>(row: R): R {
  const { requests } = row;
  if (requests === undefined) return row;
  const closed = requests.map((request) => {
    const status = statusAfter(request.status, row);
    return status === request.status ? request : { ...request, status };
  });
  return closed.every((request, i) => request === requests[i]) ? row : { ...row, requests: closed };
}

function statusAfter(status: RequestStatus, { state, primary }: Asking): RequestStatus {
  const waits = state === 'AWAITING_APPROVAL' || state === 'AWAITING_OUTPUT_APPROVAL';
  if (status === 'PENDING' && !waits) return primary === 'APPROVAL_EXPIRED' ? 'EXPIRED' : 'CANCELLED';
  if (status !== 'APPROVED' || waits || state === 'EVALUATING' || state === 'RELEASING') return status;
  return state === 'DISPATCHED' ? 'USED' : 'INVALIDATED';
}
