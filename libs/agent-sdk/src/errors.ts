import { REASON_CODES, type ReasonCode } from '@countersign/contracts';
import type { Retry, RetryAdvice } from './retry-advice.js';

/** A task that was certainly not accepted, or a request that was refused. `retry` says whether trying again can help, the rest when. */
export class AgentRequestFailed extends Error implements RetryAdvice {
  readonly retryAfterMs?: number;
  readonly nextOpenAt?: string;
  /** Trace of the task that it is about: where to look for what became of it. */
  readonly traceId?: string;

  constructor(
    readonly code: ReasonCode,
    message: string,
    readonly retry: Retry,
    {
      retryAfterMs,
      nextOpenAt,
      traceId,
      ...options
    }: ErrorOptions & Omit<RetryAdvice, 'retry'> & { readonly traceId?: string } = {},
  ) {
    super(message, options);
    this.name = 'AgentRequestFailed';
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
    if (nextOpenAt !== undefined) this.nextOpenAt = nextOpenAt;
    if (traceId !== undefined) this.traceId = traceId;
  }

  /** The same failure of a task whose trace is known. */
  inTrace(traceId: string): AgentRequestFailed {
    const { code, message, retry, cause, retryAfterMs, nextOpenAt } = this;
    return new AgentRequestFailed(code, `${message} (trace ${traceId})`, retry, {
      traceId,
      ...(cause === undefined ? {} : { cause }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(nextOpenAt === undefined ? {} : { nextOpenAt }),
    });
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
