import { z } from 'zod';
import { command, explain, ofAgent } from './command.js';

/** Commands of trust. */
export const trust = {
  show: command('trust', 'show', ofAgent, z.object({ breakdown: z.record(z.string(), z.json()) })),
  explain: explain('trust'),
} as const;
