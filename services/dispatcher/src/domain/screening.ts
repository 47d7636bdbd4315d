import { assertNever } from '@countersign/primitives';
import type { CodeRef, FinishedItem, ReasonCode, ScreenedItem } from '@countersign/contracts';
import { exceedsGrant } from './grant-narrower.js';
import type { TaskRecord } from './model.js';
import { furtherAttempt, whyNoRetry } from './retry.js';

/** What output screening found, with what the dispatcher itself made sure of. */
export interface ScreenedEvent {
  readonly type: 'screened';
  /** Of the result that was screened. */
  readonly digest: string;
  readonly outcome: ScreenedItem['outcome'];
  readonly codes: readonly CodeRef[];
  readonly chargedMicros: string | undefined;
  /** As the end of the task will tell it; names the transformed bytes where the result was changed. */
  readonly output?: NonNullable<FinishedItem['output']>;
  /** Whether the transformed bytes are at hand and hash to what was signed. Absent = no. */
  readonly transformedAtHand?: boolean;
  /** Of RETRY: how the next attempt differs and how often at most. */
  readonly retry?: NonNullable<ScreenedItem['retry']>;
  /** Whether the original bytes are at hand for a further attempt. Absent = no. */
  readonly inputAtHand?: boolean;
}

/** What becomes of a result that was screened. */
export type Screening =
  | { readonly kind: 'deliver'; readonly codes: readonly CodeRef[] }
  | { readonly kind: 'ask'; readonly codes: readonly CodeRef[] }
  | { readonly kind: 'block'; readonly codes: readonly CodeRef[] }
  | { readonly kind: 'retry'; readonly codes: readonly CodeRef[]; readonly next: TaskRecord };

const GRANT_EXCEEDED: CodeRef = { code: 'GRANT_EXCEEDED' };
const block = (code: ReasonCode): Screening => ({ kind: 'block', codes: [{ code }] });

/**
 * Judges what screening found: a changed result is delivered only when its bytes are at hand and hash to what guardrails signed, never the original in their
 * place; what used more than was granted is blocked whatever was found; a further attempt is made only where every condition of RETRY holds for the dispatcher too (E.5, J.3 #26).
 */
export function screeningOf(row: TaskRecord, event: ScreenedEvent, now: number): Screening {
  const { outcome, codes } = event;
  if (usedMore(row)) return { kind: 'block', codes: [...(outcome === 'BLOCK' ? codes : []), GRANT_EXCEEDED] };
  switch (outcome) {
    case 'ALLOW':
    case 'WARN':
      return isWhole(event) ? { kind: 'deliver', codes } : block('GUARDRAIL_UNAVAILABLE');
    case 'ESCALATE':
      return isWhole(event) ? { kind: 'ask', codes: named(codes) } : block('GUARDRAIL_UNAVAILABLE');
    case 'BLOCK':
      return { kind: 'block', codes: named(codes) };
    case 'RETRY':
      return retried(row, event, now);
    default:
      return assertNever(outcome);
  }
}

/** Guardrails see what the result itself names; what was reported while it ran counts as well. */
function usedMore({ result, grant }: TaskRecord): boolean {
  if (result === undefined || grant === undefined) return false;
  return exceedsGrant({ models: result.usage.map(({ model }) => model), tools: result.tools }, grant);
}

function isWhole({ output, transformedAtHand }: ScreenedEvent): boolean {
  return output?.transformedDigest === undefined || transformedAtHand === true;
}

function named(codes: readonly CodeRef[]): readonly CodeRef[] {
  return codes.length > 0 ? codes : [{ code: 'GUARDRAIL_BLOCKED' }];
}

function retried(row: TaskRecord, { codes, retry, inputAtHand, chargedMicros }: ScreenedEvent, now: number): Screening {
  const refused = whyNoRetry(row, { max: retry?.max, now });
  if (refused !== undefined || retry === undefined) return block(refused ?? 'RETRY_NOT_PERMITTED');
  if (inputAtHand !== true) return block('GUARDRAIL_UNAVAILABLE');
  const next = furtherAttempt(row, { strategy: retry.strategy, chargedMicros, now });
  return { kind: 'retry', codes: named(codes), next };
}
