import { z } from 'zod';
import { jsonValueSchema } from '../json-value.js';
import { ANYBODY, command, dryRun, explain, ofAgent } from './command.js';

/** Commands of trust. */
export const trust = {
  show: command('trust', 'show', ofAgent, z.object({ breakdown: z.record(z.string(), jsonValueSchema) }), ANYBODY),
  dryRun: dryRun('trust'),
  explain: explain('trust'),
} as const;
