import type { AgentRef } from '@countersign/contracts';
import type { ScreeningAnswer, ScreeningJob } from '../domain/screening/screening-job.js';
import type { PromptFingerprint } from '../domain/techniques/technique.js';

/** Screens bodies within their time, whatever stands in them. */
export abstract class BodyScreener {
  /** Answers in the order of the jobs; a body that takes its screener down is blocked, and only that one. Never rejects. */
  abstract screen(jobs: readonly ScreeningJob[]): Promise<readonly ScreeningAnswer[]>;
}

/** A canary that an operator had issued. */
export interface KnownCanary {
  readonly hash: string;
  readonly org: string;
}

/** Canaries that operators had issued, by their hashes. */
export abstract class CanaryRegister {
  /** Which of these hashes are canaries, with the organisations that they are of. */
  abstract known(hashes: readonly string[]): Promise<readonly KnownCanary[]>;
}

/** What agents' system prompts leave behind. */
export abstract class PromptFingerprints {
  /** Fingerprints of the agents that have one, under `org/agent`. */
  abstract of(agents: readonly AgentRef[]): Promise<ReadonlyMap<string, PromptFingerprint>>;
}
