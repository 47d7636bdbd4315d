import { describe, expect, it } from '@jest/globals';
import type { ReasonCode } from '@countersign/contracts';
import { AgentRequestFailed } from './errors.js';
import { retryAdvice, type Retry } from './retry-advice.js';

describe('after an answer, trying again', () => {
  it.each<[ReasonCode | undefined, Retry]>([
    [undefined, 'no'],
    ['TASK_TYPE_NOT_ALLOWED', 'no'],
    ['DENIED_BY_COUNTERPARTY', 'no'],
    ['BUDGET_AGENT_EXHAUSTED', 'no'],
    ['GUARDRAIL_BLOCKED', 'no'],
    ['RATE_LIMITED', 'later'],
    ['INTAKE_LIMITED', 'later'],
    ['VERDICT_TIMEOUT', 'later'],
    ['TARGET_UNAVAILABLE', 'later'],
    ['KILL_SWITCH_ACTIVE', 'later'],
    ['TASK_NOT_FOUND', 'later'],
    ['RESULT_TIMEOUT', 'if-idempotent'],
    ['OUTPUT_SCREEN_TIMEOUT', 'if-idempotent'],
    ['TASK_FAILED', 'if-idempotent'],
  ])('%s: %s', (code, retry) => {
    expect(retryAdvice(code === undefined ? {} : { code })).toEqual({ retry });
  });

  it('has its time where the answer names one', () => {
    expect(retryAdvice({ code: 'OUTSIDE_TIME_WINDOW', nextOpenAt: '2026-12-01T08:00:00.000Z' })).toEqual({
      retry: 'later',
      nextOpenAt: '2026-12-01T08:00:00.000Z',
    });
    expect(retryAdvice({ code: 'RATE_LIMITED', retryAfterMs: 300 })).toEqual({ retry: 'later', retryAfterMs: 300 });
  });

  it('is said by an error in the same words', () => {
    const failed = new AgentRequestFailed('INTAKE_LIMITED', 'no', 'later', { retryAfterMs: 5, cause: 'c' });
    expect({ ...failed }).toMatchObject({ code: 'INTAKE_LIMITED', retry: 'later', retryAfterMs: 5 });
    expect(failed.cause).toBe('c');
  });
});
