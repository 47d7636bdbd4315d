import type { GuardrailOutcome } from '@countersign/contracts';
import type { Metrics } from '@countersign/telemetry';

/** Counts guardrails that triggered, those in shadow mode too: their action is the one that they would have taken. */
export function countTriggered(
  metrics: Metrics,
  stage: 'input' | 'output',
  guardrails: readonly GuardrailOutcome[],
): void {
  for (const { outcome, category = '', action } of guardrails)
    if (outcome === 'TRIGGERED') metrics.add('countersign_guardrail_actions_total', { stage, category, action });
}
