import { z } from 'zod';
import { uuidSchema } from '../identities.js';
import { guardrailSchema } from '../guardrail.js';
import { ANYBODY, command, dryRun, explain, ofOrg } from './command.js';

/** Commands of guardrails. */
export const guardrails = {
  setPut: command(
    'guardrails',
    'set-put',
    z.strictObject({ org: uuidSchema, guardrails: z.array(guardrailSchema).max(100) }),
    z.object({ version: z.number().int() }),
  ),
  setBaseline: command('guardrails', 'set-baseline', ofOrg, z.object({ version: z.number().int() })),
  setShow: command(
    'guardrails',
    'set-show',
    ofOrg,
    z.object({ version: z.number().int().nullable(), guardrails: z.array(guardrailSchema) }),
    ANYBODY,
  ),
  dryRun: dryRun('guardrails'),
  explain: explain('guardrails'),
} as const;
