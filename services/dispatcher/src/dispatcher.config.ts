import { keyFile } from '@countersign/service-host';
import { z } from 'zod';

/** Keys of the dispatcher beyond those of every service. */
export const dispatcherConfig = z.object({
  /** 32 bytes that bodies of held tasks and of results are sealed with. */
  COUNTERSIGN_SEAL_KEY_FILE: keyFile(),
});
/** Configuration of the dispatcher. */
export type DispatcherConfig = z.output<typeof dispatcherConfig>;
