import {
  auditEntrySchema,
  digestSchema,
  instantSchema,
  trustBundleFileSchema,
  uuidSchema,
} from '@countersign/contracts';
import { z } from 'zod';

/** The first line of an exported record. */
export const exportHeadSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('countersign-record'),
  org: uuidSchema,
  origin: z.string().max(200),
  /** Entries of the file. */
  size: z.number().int().nonnegative(),
  root: digestSchema,
  /** Leaf of the last entry; null of an empty record. */
  head: digestSchema.nullable(),
  /** Signed note over origin, size and root. */
  checkpoint: z.string().max(8_000),
  trustBundle: trustBundleFileSchema,
  /** SHA-256 of the installation's public key, to be compared with the one that is known from elsewhere. */
  installationKey: digestSchema,
  payloads: z.boolean(),
  exportedAt: instantSchema,
});
/** The first line of an exported record. */
export type ExportHead = z.infer<typeof exportHeadSchema>;

/** Every other line of an exported record. */
export const exportEntrySchema = auditEntrySchema;
/** Every other line of an exported record. */
export type ExportEntry = z.infer<typeof exportEntrySchema>;
