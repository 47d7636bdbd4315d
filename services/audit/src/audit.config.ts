import { keyFile } from '@countersign/service-host';
import { z } from 'zod';

/** Keys of audit beyond those of every service. */
export const auditConfig = z.object({
  /** 32 bytes that the salts of payload commitments are made with. */
  COUNTERSIGN_SEAL_KEY_FILE: keyFile(),
});
/** Configuration of audit. */
export type AuditConfig = z.output<typeof auditConfig>;
