import { REASON_CODES, type ReasonCode } from '@countersign/contracts';

/** A task that was certainly not accepted, or a request that was refused. `retry` says whether trying again can help. */
export class AgentRequestFailed extends Error {
  constructor(
    readonly code: ReasonCode,
    message: string,
    readonly retry: 'no' | 'later',
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'AgentRequestFailed';
  }

  /** A refusal with the sentence of the catalogue. */
  static of(code: ReasonCode, retry: 'no' | 'later', cause?: unknown): AgentRequestFailed {
    return new AgentRequestFailed(code, REASON_CODES[code].message, retry, cause === undefined ? undefined : { cause });
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
