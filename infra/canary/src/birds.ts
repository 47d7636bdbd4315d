import { z } from 'zod';
import { credentialFileSchema, uuidSchema } from '@countersign/contracts';

/** Agents of the canary that have a credential: who sends what must pass, who sends what must not, and who answers. */
export const BIRDS = ['caller', 'intruder', 'echo'] as const;
/** An agent of the canary that has a credential. */
export type Bird = (typeof BIRDS)[number];

/** The file that `setup` writes and the canary runs by. It holds credentials: only its owner may read it. */
export const canaryFileSchema = z.object({
  v: z.literal(1),
  org: uuidSchema,
  credentials: z.object({ caller: credentialFileSchema, intruder: credentialFileSchema, echo: credentialFileSchema }),
  /** Whom tasks are sent to: who answers, one that was revoked, one whom nobody knows. */
  targets: z.object({ echo: uuidSchema, revoked: uuidSchema, unknown: uuidSchema }),
});
/** What the canary runs by. */
export type CanaryFile = z.infer<typeof canaryFileSchema>;

/** The one type of task that its connections allow. */
export const TASK_TYPE = 'canary';
/** What its connections may cost in a month, in micros. */
export const MONTHLY_CAP_MICROS = '1000000';
