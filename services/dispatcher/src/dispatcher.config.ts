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
});
/** Configuration of the dispatcher. */
export type DispatcherConfig = z.output<typeof dispatcherConfig>;
