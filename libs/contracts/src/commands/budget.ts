import { z } from 'zod';
import { instantSchema, microsSchema, uuidSchema } from '../identities.js';
import { priceBookRecordSchema, priceEntrySchema } from '../read-models.js';
import { ANYBODY, command, dryRun, explain, ofOrg } from './command.js';

/** Which budget: an organisation's, a client agent's or a connection's. */
export const budgetScopeSchema = z.strictObject({ type: z.enum(['ORG', 'AGENT', 'CONNECTION']), id: uuidSchema });
/** Which budget. */
export type BudgetScope = z.infer<typeof budgetScopeSchema>;

/** State of one budget in one period. What counts against limit and top-ups is what is reserved and what was spent since the last reset (`resetBaseMicros`). */
export const budgetStateSchema = z.object({
  scope: budgetScopeSchema,
  period: z.string(),
  limitMicros: microsSchema.nullable(),
  topupMicros: microsSchema,
  reservedMicros: microsSchema,
  spentMicros: microsSchema,
  resetBaseMicros: microsSchema,
});
/** State of one budget in one period. */
export type BudgetState = z.infer<typeof budgetStateSchema>;

/** A budget came to a threshold, or an attempt cost more than was held. Ids grow within an organisation. */
export const budgetEventSchema = z.object({
  id: z.number().int().positive(),
  at: instantSchema,
  kind: z.enum(['BUDGET_THRESHOLD', 'BUDGET_OVERRUN']),
  severity: z.enum(['INFO', 'WARNING', 'HIGH', 'CRITICAL']),
  period: z.string(),
  /** Of a threshold: whose budget, which per cent. */
  scope: budgetScopeSchema.optional(),
  percent: z.number().int().optional(),
  /** Of an overrun: which attempt. */
  agent: uuidSchema.optional(),
  task: uuidSchema.optional(),
  attempt: z.number().int().optional(),
  /** What was committed, or what it cost more than was held. */
  micros: microsSchema,
});
/** A budget came to a threshold, or an attempt cost more than was held. */
export type BudgetEventRecord = z.infer<typeof budgetEventSchema>;

const reason = z.string().trim().min(3, 'must say why, in at least 3 characters').max(300);
const entries = z.array(priceEntrySchema.omit({ org: true }).strict()).max(2000);
const ofBudget = { org: uuidSchema, scope: budgetScopeSchema, reason };

/** Commands of budget. */
export const budget = {
  show: command(
    'budget',
    'show',
    z.strictObject({ org: uuidSchema, scope: budgetScopeSchema.optional() }),
    z.object({ budgets: z.array(budgetStateSchema) }),
    ANYBODY,
  ),
  /** Adds to the ceiling of the period that runs. */
  topup: command(
    'budget',
    'topup',
    z.strictObject({ ...ofBudget, micros: microsSchema.refine((text) => text !== '0', 'must be more than 0') }),
    z.object({ budget: budgetStateSchema }),
    ['OWNER'],
  ),
  /** Lets the period that runs begin anew: what was spent counts no more, what is held still does. Once a period; a second time needs a second person. */
  reset: command('budget', 'reset', z.strictObject(ofBudget), z.object({ budget: budgetStateSchema }), ['OWNER']),
  /** Events after one, oldest first; without `after` the newest. */
  events: command(
    'budget',
    'event-list',
    z.strictObject({
      org: uuidSchema,
      after: z.number().int().nonnegative().optional(),
      limit: z.number().int().min(1).max(500).default(100),
    }),
    z.object({ events: z.array(budgetEventSchema) }),
    ANYBODY,
  ),
  /** A new price book: these are the installation's prices, organisations keep their own. */
  pricesPut: command(
    'budget',
    'prices-put',
    z.strictObject({ currency: z.string().regex(/^[A-Z]{3}$/), entries }),
    z.object({ version: z.number().int() }),
  ),
  /** A new price book in which these are the prices of one organisation; none takes its own away. */
  pricesOverride: command(
    'budget',
    'prices-override',
    z.strictObject({ org: uuidSchema, entries }),
    z.object({ version: z.number().int() }),
    ['OWNER'],
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
    ofOrg,
    z.object({ balanced: z.boolean(), differences: z.array(z.string()) }),
    ANYBODY,
  ),
  dryRun: dryRun('budget'),
  explain: explain('budget'),
} as const;
