import { guardrailSchema } from '@countersign/contracts';
import type { GuardrailInForce } from './screening-job.js';

/** Id of the guardrail that every body meets, whatever the sets say. */
export const CANARY_GUARDRAIL_ID = 'canaries';

/**
 * Looks for canaries of every organisation. It belongs to the installation and not to a set: whoever leaks another organisation's canary will hardly have asked
 * to be watched for it. It does not count as a configured guardrail.
 */
export const CANARY_GUARDRAIL: GuardrailInForce = {
  ...guardrailSchema.parse({
    id: CANARY_GUARDRAIL_ID,
    name: 'Canaries',
    version: 1,
    stage: 'BOTH',
    category: 'SECURITY',
    packs: ['canaries'],
    action: 'BLOCK',
    timeoutMs: 2_000,
    enabled: true,
  }),
  side: 'client',
};
