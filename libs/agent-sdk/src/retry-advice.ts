import { REASON_CODES, type AnswerData, type CheckReply, type ReasonCode } from '@countersign/contracts';

/** Whether trying again can help: not as it is; later; or later, but the target may have done the task already, so only where twice is as good as once. */
export type Retry = 'no' | 'later' | 'if-idempotent';

/** Whether and when to try again, under a new task id. */
export interface RetryAdvice {
  readonly retry: Retry;
  /** Not before so many ms; absent = nobody knows, so back off. */
  readonly retryAfterMs?: number;
  /** Not before this instant (ISO 8601). */
  readonly nextOpenAt?: string;
}

/** Ends after the task was handed over, where it may have been done. */
const MAYBE_DONE: ReadonlySet<string> = new Set(['RESULT_TIMEOUT', 'OUTPUT_SCREEN_TIMEOUT', 'TASK_FAILED']);
/** The catalogue's status of what time mends: too many, not there, too slow. */
const PASSING: ReadonlySet<number> = new Set([429, 503, 504]);

/** Whether and when to submit again after an answer, or after a check that was denied. */
export function retryAdvice(
  answer:
    Pick<AnswerData, 'code' | 'retryAfterMs' | 'nextOpenAt'> | Pick<CheckReply, 'code' | 'retryAfterMs' | 'nextOpenAt'>,
): RetryAdvice {
  const { code, retryAfterMs, nextOpenAt } = answer;
  return {
    retry: retryOf(code, retryAfterMs !== undefined || nextOpenAt !== undefined),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(nextOpenAt === undefined ? {} : { nextOpenAt }),
  };
}

function retryOf(code: ReasonCode | undefined, timed: boolean): Retry {
  if (code === undefined) return 'no';
  if (MAYBE_DONE.has(code)) return 'if-idempotent';
  // whatever was never accepted was never released
  return timed || code === 'TASK_NOT_FOUND' || PASSING.has(REASON_CODES[code].http) ? 'later' : 'no';
}
