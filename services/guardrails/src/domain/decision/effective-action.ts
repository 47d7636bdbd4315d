import { parseInstant } from '@countersign/primitives';
import { GUARDRAIL_ACTIONS, type Guardrail, type GuardrailAction, type ReasonCode } from '@countersign/contracts';

/** When a body is looked at. */
export type Stage = 'INPUT' | 'OUTPUT';

/** What stands around a stage: now by the database's clock in ms, and how far the task may be tried again. */
export interface StageFacts {
  readonly stage: Stage;
  readonly now: number;
  readonly idempotent: boolean;
  readonly retriesUsed: number;
}

/** What of a guardrail decides what its run leads to. `action` and `outcome` are text: one that nobody knows blocks. */
export interface RunOfGuardrail {
  readonly outcome: string;
  readonly guardrail: Pick<Guardrail, 'category' | 'shadow' | 'failureMode' | 'openReview' | 'retry'> & {
    readonly action: string;
  };
  /** The most that what was found may lead to: a suspicion warns or asks even where its guardrail blocks. */
  readonly atMost?: 'WARN' | 'ESCALATE';
  /** Something in the body could not be read: whatever the action, a security guardrail blocks. */
  readonly unreadable?: boolean;
}

/** What one guardrail comes to, with the code that says why. */
export interface Effect {
  readonly action: GuardrailAction | 'ALLOW';
  readonly code?: ReasonCode;
}

const QUIET = ['NOT_TRIGGERED', 'SKIPPED'];
const FAILED = ['ERROR', 'TIMEOUT'];
const UNAVAILABLE: Effect = { action: 'BLOCK', code: 'GUARDRAIL_UNAVAILABLE' };

/** Strength of an action; REDACT and REPLACE are equal. */
export function strength(action: GuardrailAction | 'ALLOW'): number {
  return { ALLOW: 0, WARN: 1, REDACT: 2, REPLACE: 2, RETRY: 3, ESCALATE: 4, BLOCK: 5 }[action];
}

/** What a guardrail on trial would have done, as a code. */
const SHADOW: { readonly [A in GuardrailAction]: ReasonCode } = {
  BLOCK: 'SHADOW_BLOCK',
  ESCALATE: 'SHADOW_ESCALATE',
  RETRY: 'SHADOW_RETRY',
  REDACT: 'SHADOW_REDACT',
  REPLACE: 'SHADOW_REPLACE',
  WARN: 'SHADOW_WARN',
};

/** Turns one run into what it leads to (domain.md E.3, E.4, E.5). Shadow is tested first: a guardrail on trial never does more than warn. */
export function effectOf(run: RunOfGuardrail, facts: StageFacts): Effect {
  const { guardrail, outcome } = run;
  const action = GUARDRAIL_ACTIONS.find((known) => known === guardrail.action);
  const quiet = QUIET.includes(outcome);
  const known = action !== undefined && (quiet || FAILED.includes(outcome) || outcome === 'TRIGGERED');
  if (guardrail.shadow) return quiet ? { action: 'ALLOW' } : { action: 'WARN', code: SHADOW[known ? action : 'BLOCK'] };
  if (!known) return UNAVAILABLE;
  if (quiet) return { action: 'ALLOW' };
  if (FAILED.includes(outcome)) return failed(guardrail, facts);
  if (run.unreadable === true) return triggered('BLOCK');
  const limited = limit(action, run.atMost);
  return limited === 'RETRY' ? retried(guardrail, facts) : triggered(limited);
}

function failed({ category, failureMode, openReview }: RunOfGuardrail['guardrail'], { now }: StageFacts): Effect {
  const open = category === 'QUALITY' && failureMode === 'OPEN' && openReview !== undefined;
  return open && parseInstant(openReview.reviewBy) > now
    ? { action: 'WARN', code: 'GUARDRAIL_UNAVAILABLE_OPEN' }
    : UNAVAILABLE;
}

function limit(action: GuardrailAction, most: RunOfGuardrail['atMost']): GuardrailAction {
  return most !== undefined && strength(most) < strength(action) ? most : action;
}

function triggered(action: GuardrailAction): Effect {
  if (action === 'BLOCK') return { action, code: 'GUARDRAIL_BLOCKED' };
  return action === 'ESCALATE' ? { action, code: 'APPROVAL_GUARDRAIL' } : { action };
}

/** Another try is for quality at the output only: on a security trigger it would be a free second attempt for an attacker. */
function retried({ category, retry }: RunOfGuardrail['guardrail'], facts: StageFacts): Effect {
  if (facts.stage !== 'OUTPUT' || category === 'SECURITY' || retry === undefined)
    return { action: 'BLOCK', code: 'RETRY_NOT_PERMITTED' };
  if (!facts.idempotent) return { action: 'ESCALATE', code: 'RETRY_NOT_IDEMPOTENT' };
  if (facts.retriesUsed >= retry.max) return { action: retry.onExhausted, code: 'RETRY_EXHAUSTED' };
  return { action: 'RETRY' };
}
