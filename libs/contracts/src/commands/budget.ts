import { z } from 'zod';
import { microsSchema, uuidSchema } from '../identities.js';
import { priceBookRecordSchema, priceEntrySchema } from '../read-models.js';
import { ANYBODY, command, dryRun, explain } from './command.js';

/** Which budget: an organisation's, a client agent's or a connection's. */
export const budgetScopeSchema = z.strictObject({ type: z.enum(['ORG', 'AGENT', 'CONNECTION']), id: uuidSchema });
/** Which budget. */
export type BudgetScope = z.infer<typeof budgetScopeSchema>;

/** State of one budget in one period. */
export const budgetStateSchema = z.object({
  scope: budgetScopeSchema,
  period: z.string(),
  limitMicros: microsSchema.nullable(),
  reservedMicros: microsSchema,
  spentMicros: microsSchema,
});

/** Commands of budget. */
export const budget = {
  show: command(
    'budget',
    'show',
    z.strictObject({ org: uuidSchema, scope: budgetScopeSchema.optional() }),
    z.object({ budgets: z.array(budgetStateSchema) }),
    ANYBODY,
  ),
  pricesPut: command(
    'budget',
    'prices-put',
    z.strictObject({ currency: z.string().regex(/^[A-Z]{3}$/), entries: z.array(priceEntrySchema).max(2000) }),
    z.object({ version: z.number().int() }),
  ),
  pricesShow: command(
    'budget',
    'prices-show',
    z.strictObject({}),
    z.object({ book: priceBookRecordSchema.nullable() }),
  ),
  check: command(
    'budget',
    'check',
    z.strictObject({ org: uuidSchema }),
    z.object({ balanced: z.boolean(), differences: z.array(z.string()) }),
  ),
  dryRun: dryRun('budget'),
  explain: explain('budget'),
} as const;
