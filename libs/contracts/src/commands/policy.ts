import { z } from 'zod';
import { organizationPolicySchema, policySchema } from '../policy-document.js';
import { policyRecordSchema, policyScopeSchema } from '../read-models.js';
import { ANYBODY, command, dryRun, explain } from './command.js';

/** Commands of policy. */
export const policy = {
  set: command(
    'policy',
    'set',
    z.strictObject({
      scope: policyScopeSchema,
      /** The whole document … */
      document: z.union([organizationPolicySchema, policySchema]).optional(),
      /** … or single fields of it; what is absent stays as it is, in a new document neutral. */
      change: organizationPolicySchema.partial().optional(),
    }),
    z.object({ policyVersion: z.number().int() }),
    ['OWNER'],
  ),
  show: command(
    'policy',
    'show',
    z.strictObject({ scope: policyScopeSchema }),
    z.object({ policy: policyRecordSchema.nullable() }),
    ANYBODY,
  ),
  dryRun: dryRun('policy'),
  explain: explain('policy'),
} as const;
