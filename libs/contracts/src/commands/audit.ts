import { z } from 'zod';
import { recordRefSchema } from '../envelope.js';
import { digestSchema, instantSchema, taskKeySchema, uuidSchema } from '../identities.js';
import { command, dryRun, explain, ofOrg } from './command.js';
import type { Role } from '../roles.js';

const base64url = z.string().regex(/^[A-Za-z0-9_-]*$/);

/** The payload of an entry in an export: opened with the salt of its commitment, or why it is not there. */
export const exportedPayloadSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('open'), salt: base64url.length(43), bytes: z.base64() }),
  z.strictObject({ state: z.literal('erased') }),
  z.strictObject({ state: z.literal('pruned') }),
  z.strictObject({ state: z.literal('unreadable') }),
]);
/** The payload of an entry in an export. */
export type ExportedPayload = z.infer<typeof exportedPayloadSchema>;

/** One entry of a chain as it is stored: canonical header bytes as text, and its leaf; in an export with payloads its payload too. */
export const auditEntrySchema = z.object({
  position: z.number().int().nonnegative(),
  leaf: digestSchema,
  header: z.string(),
  payload: exportedPayloadSchema.optional(),
});

const READERS_OF_THE_RECORD: readonly Role[] = ['AUDITOR', 'OWNER'];
/** A month, `2026-11`: payloads of a month share one key and end together. */
export const epochSchema = z.string().regex(/^20[2-9]\d-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-11');
/** Why payloads are erased before their time. */
export const ERASURE_REASONS = ['DATA_SUBJECT_REQUEST', 'CONTRACT_ENDED', 'LEGAL_ORDER', 'LEAK'] as const;
/** Why payloads are erased before their time. */
export type ErasureReason = (typeof ERASURE_REASONS)[number];

/** Commands of audit. */
export const audit = {
  /** A page of entries; with payloads it ends early where it would be too large for one message, so whoever asks goes on behind the last entry. */
  export: command(
    'audit',
    'export',
    z.strictObject({
      org: uuidSchema,
      from: z.number().int().nonnegative().default(0),
      limit: z.number().int().min(1).max(500).default(500),
      payloads: z.boolean().default(false),
    }),
    z.object({ size: z.number().int(), entries: z.array(auditEntrySchema) }),
    READERS_OF_THE_RECORD,
  ),
  /** Walks the chain and signs what it came to (C2SP tlog-checkpoint); a chain that does not verify is not signed. */
  checkpoint: {
    ...command(
      'audit',
      'checkpoint',
      ofOrg,
      z.object({
        note: z.string(),
        origin: z.string(),
        size: z.number().int().nonnegative(),
        root: digestSchema,
        head: digestSchema.nullable(),
        verifierKey: z.string(),
      }),
      READERS_OF_THE_RECORD,
    ),
    remembered: false,
  },
  /** Throws away the key of an organisation's payloads of one month, for ever, and says so in the chain. The month has to be over for a day. */
  erase: command(
    'audit',
    'erase',
    z.strictObject({ org: uuidSchema, epoch: epochSchema, reason: z.enum(ERASURE_REASONS) }),
    z.object({ record: recordRefSchema, payloads: z.number().int().nonnegative() }),
  ),
  verify: command(
    'audit',
    'verify',
    ofOrg,
    z.object({
      size: z.number().int(),
      ok: z.boolean(),
      head: digestSchema.nullable(),
      root: digestSchema.nullable(),
      firstBad: z.object({ position: z.number().int(), problem: z.string() }).nullable(),
    }),
    READERS_OF_THE_RECORD,
  ),
  open: command(
    'audit',
    'open',
    z.strictObject({ limit: z.number().int().min(1).max(500).default(500) }),
    z.object({
      submissions: z.array(
        z.object({ task: taskKeySchema, digest: digestSchema, at: instantSchema, record: recordRefSchema }),
      ),
    }),
  ),
  dryRun: dryRun('audit'),
  explain: explain('audit'),
} as const;
