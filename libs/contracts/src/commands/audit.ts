import { z } from 'zod';
import { recordRefSchema } from '../envelope.js';
import { digestSchema, instantSchema, taskKeySchema, uuidSchema } from '../identities.js';
import { command, dryRun, explain, ofOrg } from './command.js';
import type { Role } from '../roles.js';

/** One entry of a chain as it is stored: canonical header bytes as text, and its leaf. */
export const auditEntrySchema = z.object({
  position: z.number().int().nonnegative(),
  leaf: digestSchema,
  header: z.string(),
});

const READERS_OF_THE_RECORD: readonly Role[] = ['AUDITOR', 'OWNER'];

/** Commands of audit. */
export const audit = {
  export: command(
    'audit',
    'export',
    z.strictObject({
      org: uuidSchema,
      from: z.number().int().nonnegative().default(0),
      limit: z.number().int().min(1).max(500).default(500),
    }),
    z.object({ size: z.number().int(), entries: z.array(auditEntrySchema) }),
    READERS_OF_THE_RECORD,
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
