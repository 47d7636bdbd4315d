import type { CodeRef, Guardrail, GuardrailOutcome, ReasonCode, RetryStrategy } from '@countersign/contracts';
import type { Effect, StageFacts } from '../decision/effective-action.js';
import type { CanaryFacts, CanaryText } from '../techniques/canaries.js';
import type { PromptFingerprint } from '../techniques/technique.js';

/** A guardrail with the side whose organisation it is of. */
export type GuardrailInForce = Guardrail & { readonly side: 'client' | 'target' };

/** One body to be screened. It holds everything that decides, so that whoever screens it needs nothing else. */
export interface ScreeningJob {
  readonly facts: StageFacts;
  readonly guardrails: readonly GuardrailInForce[];
  /** The envelope or result as it is stored. */
  readonly body: Uint8Array;
  /** Of an output: the submission that it answers, as it is stored. */
  readonly input?: Uint8Array;
  readonly prompt?: PromptFingerprint;
  /** Under this, equal values get equal tokens and span hashes: the task's key, and its organisation. */
  readonly scope: { readonly token: string; readonly span: string };
  readonly canaries: Partial<Pick<CanaryFacts, 'known'>> & Pick<CanaryFacts, 'task'>;
  /** Guardrails that took the program down that ran them, by index: they count as failed. */
  readonly failed: Readonly<Record<number, 'TIMEOUT' | 'ERROR'>>;
}

/** What all guardrails of a stage come to. No content is in it, only ids, categories, counts and keyed hashes. */
export interface Screening {
  readonly action: Effect['action'];
  readonly codes: readonly CodeRef[];
  readonly guardrails: readonly GuardrailOutcome[];
  readonly warnings: readonly ReasonCode[];
  readonly versions: Readonly<Record<string, number>>;
  /** The body with what was transformed; absent when nothing was. */
  readonly transformed?: Uint8Array;
  /** Numbers that became text in it. */
  readonly typeChanged: number;
  readonly retry?: { readonly strategy: RetryStrategy; readonly max: number };
}

/** A screening, or the suspected canaries that have to be looked up before there can be one. */
export type ScreeningAnswer =
  | { readonly kind: 'screened'; readonly screening: Screening }
  | { readonly kind: 'unknown-canaries'; readonly canaries: readonly CanaryText[] };

/** The screening of a body that could not be screened: it blocks. */
export const UNAVAILABLE: Screening = {
  action: 'BLOCK',
  codes: [{ code: 'GUARDRAIL_UNAVAILABLE' }],
  guardrails: [],
  warnings: [],
  versions: {},
  typeChanged: 0,
};
