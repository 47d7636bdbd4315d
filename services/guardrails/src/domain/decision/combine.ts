import type { ReasonCode } from '@countersign/contracts';
import { effectOf, strength, type Effect, type RunOfGuardrail, type StageFacts } from './effective-action.js';

/** A run with what it came to. */
export interface Judged<R extends RunOfGuardrail> {
  readonly run: R;
  readonly effect: Effect;
}

/** What all guardrails of a stage come to together. */
export interface Combined<R extends RunOfGuardrail> {
  readonly action: Effect['action'];
  /** Reasons of the strongest action with the runs that gave them; a stage without guardrails has a reason without a run. */
  readonly reasons: readonly { readonly code: ReasonCode; readonly run?: R }[];
  /** Every run, in the order given. */
  readonly judged: readonly Judged<R>[];
  /** Runs whose transforms are applied; none when the stage is blocked. */
  readonly transforms: readonly R[];
  readonly warnings: readonly ReasonCode[];
}

/**
 * Combines the guardrails of a stage: BLOCK > ESCALATE > RETRY > REDACT = REPLACE > WARN > ALLOW. The strongest decides; transforms of all that triggered are
 * applied unless the stage is blocked; every warning is kept. Guardrails on trial are taken out before the test for emptiness: they protect nobody.
 */
export function combine<R extends RunOfGuardrail>(runs: readonly R[], facts: StageFacts): Combined<R> {
  const judged = runs.map((run) => ({ run, effect: effectOf(run, facts) }));
  const warnings = judged.flatMap(({ effect: { action, code } }) =>
    action === 'WARN' && code !== undefined ? [code] : [],
  );
  if (runs.every(({ guardrail }) => guardrail.shadow))
    return { action: 'BLOCK', reasons: [{ code: 'NO_GUARDRAILS_CONFIGURED' }], judged, transforms: [], warnings };
  const action = judged.reduce<Effect['action']>(
    (strongest, { effect }) => (strength(effect.action) > strength(strongest) ? effect.action : strongest),
    'ALLOW',
  );
  const reasons = judged.flatMap(({ run, effect }) =>
    effect.action === action && action !== 'WARN' && effect.code !== undefined ? [{ code: effect.code, run }] : [],
  );
  const transforms = action === 'BLOCK' ? [] : judged.filter(({ effect }) => isTransform(effect)).map(({ run }) => run);
  return { action, reasons, judged, transforms, warnings };
}

function isTransform({ action }: Effect): boolean {
  return action === 'REDACT' || action === 'REPLACE';
}
