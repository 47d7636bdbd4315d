import { parseMicros } from '@countersign/primitives';
import { TIMERS, type ReasonCode, type RetryStrategy } from '@countersign/contracts';
import type { TaskRecord } from './model.js';

/** Whatever a guardrail allows, a task is never tried again more often than this. */
export const MAX_RETRIES = 3;

/** How often a task was tried again up to this attempt. */
export function retriesUsed({ retry }: Pick<TaskRecord, 'retry'>): number {
  return retry?.number ?? 0;
}

/** Why no further attempt may be made: guardrails decided the same before, and the dispatcher does not rely on it. Undefined when one may. */
export function whyNoRetry(
  row: TaskRecord,
  { max, now }: { readonly max: number | undefined; readonly now: number },
): ReasonCode | undefined {
  if (max === undefined) return 'RETRY_NOT_PERMITTED';
  if (row.task.idempotent !== true) return 'RETRY_NOT_IDEMPOTENT';
  if (retriesUsed(row) >= Math.min(max, MAX_RETRIES)) return 'RETRY_EXHAUSTED';
  return now < row.task.deadline ? undefined : 'RETRY_EXHAUSTED';
}

/**
 * The row of the attempt after this one: the same task under the same deadline, judged from its first round on by all six controls, with a hold of its own. Nothing of
 * what was decided, approved, claimed or transformed before is part of it. The old attempt's money is settled with it: what it was charged, else all that was held.
 */
export function furtherAttempt(
  row: TaskRecord,
  {
    strategy,
    chargedMicros,
    now,
  }: { readonly strategy: RetryStrategy; readonly chargedMicros: string | undefined; readonly now: number },
): TaskRecord {
  const { key, attempt, digest, task, acceptedAt, connection, seq } = row;
  const micros = chargedMicros ?? row.facts.estimateMicros ?? '0';
  return {
    key,
    attempt: attempt + 1,
    round: 1,
    state: 'EVALUATING',
    seq,
    digest,
    task,
    acceptedAt,
    roundAt: now,
    facts: {},
    codes: [],
    covered: [],
    claim: 'NONE',
    ...(connection === undefined ? {} : { connection }),
    retry: { strategy, number: retriesUsed(row) + 1 },
    replaces: { attempt, how: 'SETTLE', micros },
    earlierMicros: (parseMicros(row.earlierMicros ?? '0') + parseMicros(micros)).toString(),
    timerAt: now + TIMERS.verdict + 60_000,
  };
}
