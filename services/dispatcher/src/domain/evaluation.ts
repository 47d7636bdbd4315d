import { parseInstant } from '@countersign/primitives';
import { CONTROLS, TIMERS, type CodeRef, type Control, type VerdictItem } from '@countersign/contracts';
import type { CountedVerdict, Evaluation, MissingCause } from './model.js';

/** Whether a verdict counted, and if not, what was wrong with it. */
export type Counting = 'counted' | 'repeated' | MissingCause;

/**
 * Takes a verdict that verified: it counts when it is of this attempt and round, over the digest and sequence that the dispatcher itself saw, in time by the
 * stream's timestamps, and the first of its control. What does not count is noted as the reason for a verdict that stays missing.
 */
export function takeVerdict(
  evaluation: Evaluation,
  control: Control,
  verdict: VerdictItem,
  received: Pick<CountedVerdict, 'ref' | 'at' | 'line'>,
): Counting {
  if (evaluation.verdicts.has(control)) return 'repeated';
  const cause = causeAgainst(evaluation, verdict, received.at);
  if (cause !== undefined) {
    evaluation.missing.set(control, cause);
    return cause;
  }
  evaluation.verdicts.set(control, { control, verdict, ...received });
  evaluation.missing.delete(control);
  if (verdict.decision === 'DENY')
    evaluation.deniedAt = Math.min(evaluation.deniedAt ?? Number.POSITIVE_INFINITY, received.at);
  return 'counted';
}

function causeAgainst(evaluation: Evaluation, verdict: VerdictItem, at: number): MissingCause | undefined {
  if (verdict.attempt !== evaluation.attempt || verdict.round !== evaluation.round) return 'stale';
  if (verdict.digest !== evaluation.digest || verdict.seq !== evaluation.seq) return 'digest';
  if (at - evaluation.streamAt > TIMERS.verdict) return 'stale';
  return parseInstant(verdict.validUntil) > at ? undefined : 'stale';
}

/** Takes a withdrawal: it denies, whatever the verdicts of this or a later moment are. Where a denial has fixed the outcome already, it adds nothing. */
export function takeWithdrawal(evaluation: Evaluation, codes: readonly CodeRef[]): void {
  if (evaluation.deniedAt !== undefined) return;
  evaluation.withdrawn = codes.length > 0 ? codes : [{ code: 'CONTROL_ERROR' }];
  evaluation.deniedAt = evaluation.streamAt;
}

/** Notes that a frame of a control did not verify or parse; it decides nothing. */
export function noteInvalid(evaluation: Evaluation, control: Control, cause: MissingCause): void {
  if (!evaluation.verdicts.has(control)) evaluation.missing.set(control, cause);
}

/** Whether all six verdicts are in. */
export function isComplete(evaluation: Evaluation): boolean {
  return evaluation.verdicts.size === CONTROLS.length;
}

/** When the evaluation has to be decided at the latest (ms): 100 ms after the first denial, else when verdicts no longer count. */
export function dueAt({ deniedAt, streamAt }: Evaluation): number {
  return deniedAt === undefined
    ? streamAt + TIMERS.verdict
    : Math.min(deniedAt + TIMERS.collect, streamAt + TIMERS.verdict);
}
