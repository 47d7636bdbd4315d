import { z } from 'zod';
import { jsonValueSchema } from '../json-value.js';
import { command, dryRun, explain, ofAgent } from './command.js';

/** Commands of trust. */
export const trust = {
  show: command('trust', 'show', ofAgent, z.object({ breakdown: z.record(z.string(), jsonValueSchema) })),
  dryRun: dryRun('trust'),
  explain: explain('trust'),
} as const;
