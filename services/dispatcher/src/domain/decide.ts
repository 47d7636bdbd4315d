import { formatInstant } from '@countersign/primitives';
import {
  CONTROLS,
  DEADLINE,
  MAX_ROUNDS,
  TIMERS,
  type CodeRef,
  type Control,
  type Facts,
  type ReasonCode,
} from '@countersign/contracts';
import { actionDigest, actionOf, sameButGrant } from './action.js';
import { voided, withRequestsClosed, type AskedReason } from './approval-request.js';
import { requestsFor, type ApprovalTerms } from './approval-terms.js';
import { askedReasons, isCovered } from './asked-reasons.js';
import { adviceOf } from './caller-reasons.js';
import { isNarrowerOrEqual } from './grant-narrower.js';
import type { CountedVerdict, Evaluation, TaskRecord } from './model.js';
import { codesInOrder } from './primary-code.js';
import { approvalsOf, releaseOf, type Release } from './release.js';

/** What an evaluation comes to. */
export type Decision =
  | { readonly kind: 'release'; readonly release: Release; readonly action: ReturnType<typeof actionOf> }
  | {
      readonly kind: 'hold';
      readonly release: Release;
      readonly action: ReturnType<typeof actionOf>;
      readonly reasons: readonly AskedReason[];
      readonly codes: readonly CodeRef[];
    }
  | { readonly kind: 'again' }
  | {
      readonly kind: 'deny';
      readonly codes: readonly CodeRef[];
      readonly primary: ReasonCode;
      readonly missing?: Facts['missing'];
    };

const deny = (codes: readonly CodeRef[], missing?: Facts['missing']): Decision => ({
  kind: 'deny',
  codes,
  primary: codes[0]?.code ?? 'CONTROL_ERROR',
  ...(missing === undefined ? {} : { missing }),
});

/**
 * Decides an evaluation that is complete or due. `before` is the row of an earlier round. A denial or withdrawal wins; a missing verdict denies; unequal estimates are judged
 * again; what is not covered asks a person; only an approval from every control releases.
 */
export function decide(evaluation: Evaluation, before: TaskRecord | undefined, currency: string): Decision {
  const denied = [...(evaluation.withdrawn ?? []), ...codesInOrder(evaluation.verdicts, 'DENY')];
  if (denied.length > 0)
    return before === undefined || before.covered.length === 0
      ? deny(denied)
      : deny([{ code: 'REEVALUATION_DENIED' }, ...denied]);
  const absent = CONTROLS.find((control) => !evaluation.verdicts.has(control));
  if (absent !== undefined)
    return deny([{ code: 'VERDICT_TIMEOUT' }], { service: absent, cause: evaluation.missing.get(absent) ?? 'missing' });
  if (estimatesDiffer(evaluation))
    return evaluation.round < MAX_ROUNDS ? { kind: 'again' } : deny([{ code: 'CONTROL_ERROR' }]);
  return approveOrAsk(evaluation, before, currency);
}

function estimatesDiffer({ verdicts }: Evaluation): boolean {
  const [policy, budget] = [verdicts.get('policy')?.verdict, verdicts.get('budget')?.verdict];
  return policy?.estimateMicros !== budget?.estimateMicros || policy?.priceBookVersion !== budget?.priceBookVersion;
}

function approveOrAsk(evaluation: Evaluation, before: TaskRecord | undefined, currency: string): Decision {
  const covered = before?.covered ?? [];
  const asked = askedReasons(evaluation);
  const open = asked.filter((reason) => !isCovered(reason, covered));
  const approvals = approvalsOf(evaluation, open.length === 0 ? covered : [...covered, ...open]);
  const release = approvals === undefined ? undefined : releaseOf(approvals, evaluation.digest);
  if (release === undefined) return deny([{ code: 'CONTROL_ERROR' }]);
  const action = actionOf(evaluation, {
    connection: release.connection,
    grant: release.grant,
    payloadDigest: release.deliverDigest,
    estimateMicros: evaluation.verdicts.get('budget')?.verdict.estimateMicros,
    currency,
  });
  if (open.length > 0) return askPerson(evaluation, { release, action, asked });
  if (covered.length === 0) return { kind: 'release', release, action };
  const approved = before?.action;
  if (approved === undefined || !sameButGrant(action, approved)) return deny([{ code: 'APPROVAL_ACTION_MISMATCH' }]);
  if (isNarrowerOrEqual(action.grant, approved.grant)) return { kind: 'release', release, action };
  // whoever asked before may ask no more: what was approved was less all the same, and a hold without a request could never be decided
  return askPerson(evaluation, { release, action, asked: asked.length > 0 ? asked : covered });
}

function askPerson(
  { round, verdicts }: Evaluation,
  parts: {
    readonly release: Release;
    readonly action: ReturnType<typeof actionOf>;
    readonly asked: readonly AskedReason[];
  },
): Decision {
  if (round >= MAX_ROUNDS) return deny([{ code: 'APPROVAL_CHURN' }]);
  return {
    kind: 'hold',
    release: parts.release,
    action: parts.action,
    reasons: parts.asked,
    codes: codesInOrder(verdicts, 'ESCALATE'),
  };
}

/** What the record wants to know of an evaluation. */
export function factsOf(evaluation: Evaluation, decision: Decision): Facts {
  const { verdicts, task } = evaluation;
  const verdict = (control: Control): CountedVerdict['verdict'] | undefined => verdicts.get(control)?.verdict;
  const connection = verdict('registry')?.connection;
  const score = verdict('trust')?.score;
  const estimate = verdict('budget')?.estimateMicros ?? verdict('policy')?.estimateMicros;
  const book = verdict('budget')?.priceBookVersion ?? verdict('policy')?.priceBookVersion;
  const clause =
    decision.kind === 'deny' || decision.kind === 'hold'
      ? decision.codes.find((code) => code.clause !== undefined)?.clause
      : undefined;
  const versions = Object.fromEntries([...verdicts].map(([control, { verdict: v }]) => [control, v.versions]));
  return {
    taskType: task.taskType,
    versions,
    deadline: formatInstant(task.deadline),
    usesModels: task.usesModels,
    sandbox: verdict('registry')?.details['sandbox'] === true,
    ...(connection === undefined
      ? {}
      : { target: { org: connection.org, agent: connection.agent }, connection: connection.id }),
    ...(score === undefined ? {} : { client: score.client, targetTrust: score.target }),
    ...(clause === undefined ? {} : { clause }),
    ...(estimate === undefined ? {} : { estimateMicros: estimate }),
    ...(book === undefined ? {} : { priceBookVersion: book }),
    ...(verdict('guardrails')?.guardrails === undefined ? {} : { guardrails: verdict('guardrails')?.guardrails ?? [] }),
    ...(verdict('policy')?.approval === undefined ? {} : { approval: verdict('policy')?.approval }),
    ...(verdict('policy')?.grant === undefined ? {} : { grant: verdict('policy')?.grant }),
    ...(decision.kind === 'deny' ? adviceOf(evaluation, decision.primary) : {}),
    ...(decision.kind === 'deny' && decision.missing !== undefined ? { missing: decision.missing } : {}),
  };
}

/** What a row depends on besides evaluation and decision. */
export interface RecordContext {
  /** The row of an earlier round. */
  readonly before: TaskRecord | undefined;
  readonly now: number;
  readonly currency: string;
  readonly terms: ApprovalTerms;
}

/** The row after a decision; `now` in ms by the database's clock. */
export function recordOf(evaluation: Evaluation, decision: Decision, context: RecordContext): TaskRecord {
  return withRequestsClosed(decidedRow(evaluation, decision, context));
}

function decidedRow(evaluation: Evaluation, decision: Decision, context: RecordContext): TaskRecord {
  const { before, now } = context;
  const head = headOf(evaluation, decision, before);
  switch (decision.kind) {
    case 'deny':
      return { ...head, state: 'DENIED', codes: decision.codes, primary: decision.primary, endedAt: now };
    case 'again':
      return {
        ...head,
        ...judgedConnection(evaluation),
        ...(before?.action === undefined ? {} : { action: before.action }),
        state: 'EVALUATING',
        round: head.round + 1,
        roundAt: now,
        codes: [],
        timerAt: now + TIMERS.verdict + 60_000,
      };
    case 'release':
      return {
        ...head,
        ...released(decision),
        ...askedOn(context),
        // what people approved: should the verdicts expire, a later round is compared with it again
        ...(before?.action === undefined ? {} : { action: before.action }),
        state: 'RELEASING',
        codes: [],
        timerAt: Math.min(now + TIMERS.release, head.task.deadline),
      };
    case 'hold':
      return {
        ...head,
        ...released(decision),
        ...askedOn(context),
        // what the approver sees; a later round is compared with it
        action: decision.action,
        state: 'AWAITING_APPROVAL',
        codes: decision.codes,
        requests: heldRequests(evaluation.round, decision, head.facts, context),
        clockLeft: Math.max(head.task.deadline - now, DEADLINE.minAfterHold),
        timerAt: now + context.terms.expiryMs,
      };
  }
}

/** What asking people about the result will need. */
function askedOn({ currency, terms }: RecordContext): Pick<TaskRecord, 'currency' | 'approvalTerms'> {
  return { currency, approvalTerms: { required: terms.required, expiryMs: terms.expiryMs } };
}

/** What was approved before is void as soon as something else is asked. */
function heldRequests(
  round: number,
  { reasons }: Extract<Decision, { kind: 'hold' }>,
  facts: Facts,
  { before, now, terms }: RecordContext,
): NonNullable<TaskRecord['requests']> {
  const cost = { thresholdMicros: facts.approval?.thresholdMicros, estimateMicros: facts.estimateMicros };
  return [
    ...voided(before?.requests ?? []),
    ...requestsFor(reasons, { ...cost, round, stage: 'PRE_RELEASE', terms, now }),
  ];
}

/** What every row has, whatever was decided. */
function headOf(evaluation: Evaluation, decision: Decision, before: TaskRecord | undefined) {
  const { key, attempt, round, seq, digest } = evaluation;
  const task = before === undefined ? evaluation.task : { ...evaluation.task, deadline: before.task.deadline };
  return {
    key,
    attempt,
    round,
    seq,
    digest,
    task,
    acceptedAt: before?.acceptedAt ?? evaluation.streamAt,
    roundAt: evaluation.streamAt,
    ...(evaluation.callerTrace === undefined ? {} : { callerTrace: evaluation.callerTrace }),
    facts: factsOf({ ...evaluation, task }, decision),
    covered: before?.covered ?? [],
    claim: 'NONE' as const,
    ...ofAttempt(before),
  };
}

/** What an attempt keeps through its rounds: what people decided, and what came before it. */
function ofAttempt(
  before: TaskRecord | undefined,
): Pick<TaskRecord, 'requests' | 'approvedBy' | 'approvedAt' | 'retry' | 'replaces' | 'earlierMicros'> {
  if (before === undefined) return {};
  const { requests, approvedBy, approvedAt, retry, replaces, earlierMicros } = before;
  return {
    ...(requests === undefined ? {} : { requests }),
    ...(approvedBy === undefined ? {} : { approvedBy }),
    ...(approvedAt === undefined ? {} : { approvedAt }),
    ...(retry === undefined ? {} : { retry }),
    ...(replaces === undefined ? {} : { replaces }),
    ...(earlierMicros === undefined ? {} : { earlierMicros }),
  };
}

function judgedConnection({ verdicts }: Evaluation): Pick<TaskRecord, 'connection'> {
  const connection = verdicts.get('registry')?.verdict.connection;
  return connection === undefined ? {} : { connection };
}

function released({
  release,
  action,
}: Extract<Decision, { kind: 'release' | 'hold' }>): Pick<
  TaskRecord,
  'validUntil' | 'connection' | 'epochs' | 'grant' | 'deliverDigest' | 'transformed' | 'actionDigest'
> {
  return {
    validUntil: release.validUntil,
    connection: release.connection,
    epochs: release.epochs,
    grant: release.grant,
    deliverDigest: release.deliverDigest,
    transformed: release.transformed,
    actionDigest: actionDigest(action),
  };
}
