import { REASON_CODES, type ReasonCode } from '@countersign/contracts';
import type { Retry, RetryAdvice } from './retry-advice.js';

/** A task that was certainly not accepted, or a request that was refused. `retry` says whether trying again can help, the rest when. */
export class AgentRequestFailed extends Error implements RetryAdvice {
  readonly retryAfterMs?: number;
  readonly nextOpenAt?: string;

  constructor(
    readonly code: ReasonCode,
    message: string,
    readonly retry: Retry,
    { retryAfterMs, nextOpenAt, ...options }: ErrorOptions & Omit<RetryAdvice, 'retry'> = {},
  ) {
    super(message, options);
    this.name = 'AgentRequestFailed';
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
    if (nextOpenAt !== undefined) this.nextOpenAt = nextOpenAt;
  }

  /** A refusal with the sentence of the catalogue. */
  static of(code: ReasonCode, retry: Retry, cause?: unknown): AgentRequestFailed {
    return new AgentRequestFailed(code, REASON_CODES[code].message, retry, cause === undefined ? {} : { cause });
  }
}

/** Thrown by a handler that cannot do its task: the text goes to the caller. Of every other error only the fact goes. */
export class TaskFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TaskFailure';
  }
}

/** Something arrived whose signature does not count; it was dropped. */
export interface UntrustedMessage {
  readonly subject: string;
  readonly failure: string;
}
