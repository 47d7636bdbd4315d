import { keyFile } from '@countersign/service-host';
import { z } from 'zod';

/** Keys of guardrails beyond those of every service. */
export const guardrailsConfig = z.object({
  /** 32 bytes under which tokens of redaction, span hashes and fingerprints of prompts are made. */
  COUNTERSIGN_SEAL_KEY_FILE: keyFile(),
  /** Worker threads that screen bodies. */
  COUNTERSIGN_SCREENING_WORKERS: z.coerce.number().int().min(1).max(32).default(2),
});
/** Configuration of guardrails. */
export type GuardrailsConfig = z.output<typeof guardrailsConfig>;
