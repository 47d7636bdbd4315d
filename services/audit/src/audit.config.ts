import { keyFile } from '@countersign/service-host';
import { z } from 'zod';

/** Payloads are kept at least this long; the database refuses to drop younger ones. */
export const MINIMUM_RETENTION_DAYS = 30;

/** Keys of audit beyond those of every service. */
export const auditConfig = z.object({
  /** 32 bytes that the keys of sealed payloads are wrapped with. */
  COUNTERSIGN_SEAL_KEY_FILE: keyFile(),
  /** Days after the end of their month that payloads are kept; headers stay. */
  COUNTERSIGN_PAYLOAD_RETENTION_DAYS: z.coerce.number().int().min(MINIMUM_RETENTION_DAYS).max(3_650).default(90),
});
/** Configuration of audit. */
export type AuditConfig = z.output<typeof auditConfig>;
