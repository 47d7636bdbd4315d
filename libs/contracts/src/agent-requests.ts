import { z } from 'zod';
import { codeRefSchema, reasonCodeSchema } from './codes.js';
import { entrySchema, usageSchema } from './envelope.js';
import { instantSchema, microsSchema, nonceSchema, slugSchema, uuidSchema } from './identities.js';
import { patternSchema } from './policy-document.js';
import { trustBundleFileSchema } from './trust-bundle.js';

/** Body of `status` and `peers.list`: a nonce, because the reply is signed over it. */
export const agentRequestSchema = z.object({ nonce: nonceSchema });

/** Reply to whatever an agent asks while it asks too much; of the form in which a usage report is refused. */
export const requestRefusalSchema = z.object({
  ok: z.literal(false),
  code: reasonCodeSchema,
  message: z.string(),
  retryAfterMs: z.number().int().nonnegative(),
});
/** Reply to whatever an agent asks while it asks too much. */
export type RequestRefusal = z.infer<typeof requestRefusalSchema>;

/** Body of `check`: the bytes of the envelope that would be submitted, base64; its id is the subject's last token. */
export const checkRequestSchema = z.strictObject({ nonce: nonceSchema, envelope: z.base64().max(360_000) });

/** Reply to `check`: what a submission of these bytes would come to now, with the reasons of the asker's own side. */
export const checkReplySchema = z.object({
  decision: z.enum(['RELEASE', 'DENY', 'HOLD']),
  /** The primary code as the caller of a submission would see it. */
  code: reasonCodeSchema.optional(),
  message: z.string().optional(),
  /** Every reason of the own organisation's rules. */
  codes: z.array(codeRefSchema).max(64),
  retryAfterMs: z.number().int().nonnegative().optional(),
  nextOpenAt: instantSchema.optional(),
  estimateMicros: microsSchema.optional(),
});
/** Reply to `check`. */
export type CheckReply = z.infer<typeof checkReplySchema>;

/** Body of `usage`: what was used since the last report of this grant; `report` makes a repeated one the same. */
export const usageReportSchema = z.strictObject({
  nonce: nonceSchema,
  report: uuidSchema,
  usage: z.array(usageSchema).min(1).max(100),
  tools: z.array(entrySchema).max(200).default([]),
});
/** Body of `usage`. */
export type UsageReport = z.infer<typeof usageReportSchema>;

/** Reply to `usage`: taken, or why not. */
export const usageReportReplySchema = z.object({
  ok: z.boolean(),
  code: reasonCodeSchema.optional(),
  message: z.string().optional(),
});
/** Reply to `usage`. */
export type UsageReportReply = z.infer<typeof usageReportReplySchema>;

/** Reply to `peers.list`: the asking agent's own connections and the newest trust bundle. */
export const peersReplySchema = z.object({
  connections: z.array(
    z.object({
      connection: uuidSchema,
      target: uuidSchema,
      targetOrg: uuidSchema,
      name: slugSchema,
      taskTypes: z.array(patternSchema).nullable(),
    }),
  ),
  trustBundle: trustBundleFileSchema,
});
/** Reply to `peers.list`. */
export type PeersReply = z.infer<typeof peersReplySchema>;
