import { z } from 'zod';
import { codesSchema, partSchema } from '../envelope.js';
import { guardrailOutcomeSchema } from '../verdict-items.js';
import { uuidSchema } from '../identities.js';
import { guardrailSchema } from '../guardrail.js';
import { ANYBODY, command, dryRun, explain, ofAgent, ofOrg } from './command.js';

/** Most guardrails of one set: at a task between two organisations both sets run, and a verdict has room for 100 outcomes. */
export const MAX_GUARDRAILS = 49;

/** Commands of guardrails. */
export const guardrails = {
  setPut: command(
    'guardrails',
    'set-put',
    z.strictObject({ org: uuidSchema, guardrails: z.array(guardrailSchema).max(MAX_GUARDRAILS) }),
    z.object({ version: z.number().int() }),
    ['OWNER'],
  ),
  setBaseline: command('guardrails', 'set-baseline', ofOrg, z.object({ version: z.number().int() }), ['OWNER']),
  setShow: command(
    'guardrails',
    'set-show',
    ofOrg,
    z.object({ version: z.number().int().nullable(), guardrails: z.array(guardrailSchema) }),
    ANYBODY,
  ),
  /** Makes a canary for an agent. The answer holds it, once: it is kept as a hash, and the answer is not remembered. */
  canaryCreate: {
    ...command('guardrails', 'canary-create', ofAgent, z.object({ canary: z.string() }), ['OPERATOR', 'OWNER']),
    remembered: false,
  },
  /** Leaves the fingerprint of an agent's system prompt, in place of an earlier one; the prompt itself is not kept. */
  promptPut: {
    ...command(
      'guardrails',
      'prompt-put',
      z.strictObject({ org: uuidSchema, agent: uuidSchema, text: z.string().min(1).max(200_000) }),
      z.object({ shingles: z.number().int() }),
      ['OPERATOR', 'OWNER'],
    ),
    // a remembered command is kept by a hash of its request, which a short prompt could be guessed from
    remembered: false,
  },
  /** What the set in force would do with these parts: nothing is stored and nobody is charged. */
  test: command(
    'guardrails',
    'test',
    z.strictObject({
      org: uuidSchema,
      stage: z.enum(['INPUT', 'OUTPUT']),
      parts: z.array(partSchema).min(1).max(256),
    }),
    z.object({
      action: z.enum(['ALLOW', 'WARN', 'REDACT', 'REPLACE', 'RETRY', 'ESCALATE', 'BLOCK']),
      codes: codesSchema,
      warnings: z.array(z.string()),
      guardrails: z.array(guardrailOutcomeSchema),
      /** The parts as they would be passed on; absent when they would not be changed or not be passed. */
      parts: z.array(partSchema).optional(),
    }),
    ['OPERATOR', 'OWNER'],
  ),
  dryRun: dryRun('guardrails'),
  explain: explain('guardrails'),
} as const;
