import { z } from 'zod';

/** What trust is configured with beyond every service. */
export const trustConfig = z.object({
  /** Evidence that is further behind the stream of transitions than this denies every task. */
  COUNTERSIGN_TRUST_MAX_LAG_SECONDS: z.coerce.number().int().min(5).max(3_600).default(60),
});
/** Configuration of trust. */
export type TrustConfig = z.output<typeof trustConfig>;
