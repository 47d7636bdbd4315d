import { assertNever } from '@countersign/primitives';
import {
  MAX_ROUNDS,
  TIMERS,
  type CodeRef,
  type ReasonCode,
  type TerminalState,
  type Usage,
} from '@countersign/contracts';
import { withRequestsClosed } from './approval-request.js';
import { end } from './ending.js';
import { takeLateCost, type LateCost } from './late-costs.js';
import type { Claim, TaskRecord } from './model.js';
import { awaitOutputApproval } from './output-approval.js';
import { screeningOf, type ScreenedEvent } from './screening.js';
import { permitted } from './transitions.js';

/** What the claim found in the statement after its locks. */
export interface ClaimFacts {
  readonly grantId: string;
  /** The round whose decision stands in the record. */
  readonly recordedRound: number;
  /** The code of an active block of either agent, the connection, the share, an organisation or the installation. */
  readonly blocked: ReasonCode | undefined;
  /** Whether a block row, lifted or not, holds a higher epoch than was judged. */
  readonly epochsMoved: boolean;
}

/** Cause of a change that only notes a cost after the end. */
export const LATE_COST = 'late cost';

/** Something that happens to a task after its decision. */
export type RowEvent =
  | { readonly type: 'claim'; readonly facts: ClaimFacts }
  | { readonly type: 'undelivered' }
  | {
      readonly type: 'result';
      readonly failed: boolean;
      readonly seq: number;
      readonly digest: string;
      readonly usage: readonly Usage[];
      readonly tools: readonly string[];
      readonly chargedMicros?: string | undefined;
    }
  | ScreenedEvent
  | ({ readonly type: 'lateUsage' } & LateCost)
  | { readonly type: 'cancel'; readonly actor: string; readonly code: ReasonCode }
  | { readonly type: 'withdrawn'; readonly codes: readonly CodeRef[] }
  | { readonly type: 'timer' };

/** A row after an event with why it moved; undefined when the event changes nothing in this state. */
export interface RowChange {
  readonly record: TaskRecord;
  readonly cause: string;
  readonly actor?: string;
  /** The row of a further attempt that goes on in the place of this one. */
  readonly next?: TaskRecord;
}

/** Applies an event to a row: pure; `now` in ms by the database's clock, read after the row was locked. What is not listed for a state is a no-op. */
export function applyEvent(row: TaskRecord, event: RowEvent, now: number): RowChange | undefined {
  const late = lateCost(row, event);
  if (late !== undefined) return late;
  const change = changeOf(row, event, now);
  if (change === undefined) return undefined;
  // whatever ends the waiting closes what people were asked
  return { ...change, record: permitted(row.state, withRequestsClosed(change.record)) };
}

/** What comes after the end changes no state: its cost is noted, and nothing else. */
function lateCost(row: TaskRecord, event: RowEvent): RowChange | undefined {
  if (event.type !== 'lateUsage' && event.type !== 'result') return undefined;
  const record = takeLateCost(row, event);
  return record === undefined ? undefined : { record, cause: LATE_COST };
}

function changeOf(row: TaskRecord, event: RowEvent, now: number): RowChange | undefined {
  switch (event.type) {
    case 'claim':
      return claim(row, event.facts, now);
    case 'undelivered':
      return undelivered(row, now);
    case 'result':
      return result(row, event, now);
    case 'lateUsage':
      return undefined;
    case 'screened':
      return screened(row, event, now);
    case 'cancel':
      return cancelled(row, event, now);
    case 'withdrawn':
      return withdrawn(row, event.codes, now);
    case 'timer':
      return timer(row, now);
    default:
      return assertNever(event);
  }
}

/** The release itself: only from RELEASING, without a block, with the epochs that were judged, while verdicts and deadline are alive. */
function claim(row: TaskRecord, facts: ClaimFacts, now: number): RowChange | undefined {
  const { grantId, recordedRound, blocked, epochsMoved } = facts;
  // that an older round was recorded may be said again while this one is not
  if (row.state !== 'RELEASING' || row.round !== recordedRound) return undefined;
  const withdrawnEnd = (code: ReasonCode): RowChange =>
    end(row, 'DENIED', { now, cause: 'claim refused', codes: [{ code }], claim: 'WITHDRAWN' });
  if (blocked !== undefined) return withdrawnEnd(blocked);
  if (epochsMoved) return withdrawnEnd('TOKEN_EPOCH_STALE');
  if (now >= row.task.deadline) return withdrawnEnd('RELEASE_TIMEOUT');
  if (row.approvedAt !== undefined && now > row.approvedAt + TIMERS.releaseAfterApproval)
    return withdrawnEnd('APPROVAL_EXPIRED');
  if (row.validUntil === undefined || now >= row.validUntil)
    return judgeAgain(row, now) ?? withdrawnEnd('VERDICT_EXPIRED');
  return {
    record: { ...row, state: 'DISPATCHED', claim: 'CLAIMED', grantId, claimedAt: now, timerAt: row.task.deadline },
    cause: 'claimed',
  };
}

function judgeAgain(row: TaskRecord, now: number): RowChange | undefined {
  if (row.round >= MAX_ROUNDS) return undefined;
  return {
    record: { ...row, state: 'EVALUATING', round: row.round + 1, roundAt: now, timerAt: now + TIMERS.verdict + 60_000 },
    cause: 'a verdict expired',
  };
}

/** Known not delivered: nobody was there, or the target did not take it. */
function undelivered(row: TaskRecord, now: number): RowChange | undefined {
  if (row.state === 'DISPATCHED')
    return end(row, 'DENIED', {
      now,
      cause: 'not delivered',
      codes: [{ code: 'TARGET_UNAVAILABLE' }],
      claim: 'UNDELIVERED',
    });
  return row.state === 'CANCELLING'
    ? end(row, 'CANCELLED', { now, cause: 'not delivered', codes: row.codes, claim: 'UNDELIVERED' })
    : undefined;
}

function result(
  row: TaskRecord,
  { failed, seq, digest, usage, tools, chargedMicros }: Extract<RowEvent, { type: 'result' }>,
  now: number,
): RowChange | undefined {
  const held = { seq, digest, usage, tools };
  if (row.state === 'CANCELLING')
    return end({ ...row, result: held }, 'CANCELLED', {
      now,
      cause: 'result after cancel',
      codes: row.codes,
      chargedMicros,
    });
  if (row.state !== 'DISPATCHED') return undefined;
  if (now >= row.task.deadline) return resultTooLate(row, { digest, usage, chargedMicros }, now);
  if (failed)
    return end({ ...row, result: held }, 'FAILED', {
      now,
      cause: 'failure report',
      codes: [{ code: 'TASK_FAILED' }],
      chargedMicros,
    });
  return { record: { ...row, state: 'SCREENING', result: held, timerAt: now + TIMERS.screen }, cause: 'result' };
}

/** The timer that would have ended it has not looked yet: it ends as it had to, and the late cost is noted with it. */
function resultTooLate(row: TaskRecord, late: Omit<LateCost, 'tools'>, now: number): RowChange {
  const ended = end(row, 'EXPIRED', { now, cause: 'time over', codes: [{ code: 'RESULT_TIMEOUT' }] });
  return { ...ended, record: takeLateCost(ended.record, { ...late, tools: [] }) ?? ended.record };
}

function screened(row: TaskRecord, event: ScreenedEvent, now: number): RowChange | undefined {
  if (row.state !== 'SCREENING' || row.result?.digest !== event.digest) return undefined;
  const judged: TaskRecord = event.output === undefined ? row : { ...row, output: event.output };
  const { chargedMicros } = event;
  const found = screeningOf(row, event, now);
  switch (found.kind) {
    case 'deliver':
      return end(judged, 'COMPLETED', { now, cause: 'screened', codes: found.codes, chargedMicros });
    case 'ask':
      return asked(judged, event, { codes: found.codes, now });
    case 'block':
      return end(judged, 'QUARANTINED', { now, cause: 'blocked', codes: found.codes, chargedMicros });
    case 'retry':
      return replacedBy(end(judged, 'QUARANTINED', { now, cause: 'retried', codes: found.codes }), found.next);
    default:
      return assertNever(found);
  }
}

/** People decide about what would be delivered; a result that they cannot be shown ends where a block ends. */
function asked(
  row: TaskRecord,
  { chargedMicros, digest, output }: ScreenedEvent,
  { codes, now }: { readonly codes: readonly CodeRef[]; readonly now: number },
): RowChange {
  const delivered = output?.transformedDigest ?? digest;
  return (
    awaitOutputApproval(row, { codes, digest: delivered, chargedMicros }, now) ??
    end(row, 'QUARANTINED', { now, cause: 'blocked', codes, chargedMicros })
  );
}

/** An attempt that was replaced has ended, its task has not. */
function replacedBy({ record, cause }: RowChange, next: TaskRecord): RowChange {
  const chargedMicros = next.replaces?.how === 'SETTLE' ? { chargedMicros: next.replaces.micros } : {};
  return { record: { ...record, ...chargedMicros, replacedBy: next.attempt }, cause, next };
}

function cancelled(
  row: TaskRecord,
  { actor, code }: Extract<RowEvent, { type: 'cancel' }>,
  now: number,
): RowChange | undefined {
  switch (row.state) {
    case 'EVALUATING':
    case 'AWAITING_APPROVAL':
      return end(row, 'CANCELLED', { now, cause: 'cancelled', actor, codes: [{ code }] });
    case 'RELEASING':
      // the row is locked: no claim can win any more, so the claim is withdrawn at once
      return end(row, 'CANCELLED', { now, cause: 'cancelled', actor, codes: [{ code }], claim: 'WITHDRAWN' });
    case 'DISPATCHED':
    case 'SCREENING':
    case 'AWAITING_OUTPUT_APPROVAL':
      return {
        record: { ...row, state: 'CANCELLING', codes: [{ code }], primary: code, timerAt: now + TIMERS.cancelGrace },
        cause: 'cancelled',
        actor,
      };
    default:
      return undefined;
  }
}

function withdrawn(row: TaskRecord, codes: readonly CodeRef[], now: number): RowChange | undefined {
  const [first] = codes;
  if (row.state === 'EVALUATING' || row.state === 'AWAITING_APPROVAL')
    return end(row, 'DENIED', {
      now,
      cause: 'withdrawn',
      codes: first === undefined ? [{ code: 'CONTROL_ERROR' }] : codes,
    });
  return cancelled(row, { type: 'cancel', actor: 'withdrawal', code: first?.code ?? 'CONTROL_ERROR' }, now);
}

function timer(row: TaskRecord, now: number): RowChange | undefined {
  if (row.timerAt === undefined || now < row.timerAt) return undefined;
  const over = (state: TerminalState, code: ReasonCode, claim: Claim = row.claim): RowChange =>
    end(row, state, { now, cause: 'time over', codes: [{ code }], claim });
  switch (row.state) {
    case 'EVALUATING':
      return over('DENIED', 'VERDICT_TIMEOUT');
    case 'AWAITING_APPROVAL':
      return over('EXPIRED', 'APPROVAL_EXPIRED');
    case 'RELEASING':
      return over('DENIED', 'RELEASE_TIMEOUT', 'WITHDRAWN');
    case 'DISPATCHED':
      return over('EXPIRED', 'RESULT_TIMEOUT');
    case 'SCREENING':
      return over('QUARANTINED', 'OUTPUT_SCREEN_TIMEOUT');
    case 'AWAITING_OUTPUT_APPROVAL':
      return over('QUARANTINED', 'APPROVAL_EXPIRED');
    case 'CANCELLING':
      return end(row, 'CANCELLED', { now, cause: 'grace over', codes: row.codes });
    default:
      return undefined;
  }
}
