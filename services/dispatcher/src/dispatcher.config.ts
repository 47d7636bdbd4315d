import { keyFile } from '@countersign/service-host';
import { z } from 'zod';

/** Keys of the dispatcher beyond those of every service. */
export const dispatcherConfig = z.object({
  /** 32 bytes that bodies of held tasks and of results are sealed with. */
  COUNTERSIGN_SEAL_KEY_FILE: keyFile(),
  /** How long people have to decide on a request for approval; at most 72 hours. */
  COUNTERSIGN_APPROVAL_MINUTES: z.coerce
    .number()
    .int()
    .min(1)
    .max(72 * 60)
    .default(240),
  /** What one agent may submit in 10 s; more is refused for 60 s, ten times as much cuts its connection. */
  COUNTERSIGN_INTAKE_PER_10S: z.coerce.number().int().min(1).max(1_000_000).default(100),
});
/** Configuration of the dispatcher. */
export type DispatcherConfig = z.output<typeof dispatcherConfig>;
