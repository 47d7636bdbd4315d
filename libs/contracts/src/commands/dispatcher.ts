import { z } from 'zod';
import { reasonCodeSchema } from '../codes.js';
import { TASK_STATES } from '../envelope.js';
import { agentRefSchema, digestSchema, instantSchema, microsSchema, taskKeySchema, uuidSchema } from '../identities.js';
import { grantTermsSchema } from '../frame-items.js';
import { command, explain, ofOrg } from './command.js';

const state = z.enum(TASK_STATES);
/** A row of the dispatcher. */
export const taskRowSchema = z.object({
  task: taskKeySchema,
  attempt: z.number().int(),
  round: z.number().int(),
  state,
  code: reasonCodeSchema.optional(),
  taskType: z.string().optional(),
  target: agentRefSchema.optional(),
  connection: uuidSchema.optional(),
  claim: z.enum(['NONE', 'CLAIMED', 'UNDELIVERED', 'WITHDRAWN']),
  digest: digestSchema.optional(),
  actionDigest: digestSchema.optional(),
  estimateMicros: microsSchema.optional(),
  chargedMicros: microsSchema.optional(),
  acceptedAt: instantSchema,
  updatedAt: instantSchema,
  expiresAt: instantSchema.optional(),
});
/** A row of the dispatcher. */
export type TaskRow = z.infer<typeof taskRowSchema>;

const decision = z.strictObject({
  task: taskKeySchema,
  attempt: z.number().int().min(1),
  round: z.number().int().min(1),
  actionDigest: digestSchema,
  comment: z.string().max(500).optional(),
  unsafe: z.boolean().optional(),
});
/** What an approver sees and its digest covers. */
export const actionSchema = z.object({
  v: z.literal(1),
  org: uuidSchema,
  taskId: uuidSchema,
  attempt: z.number().int(),
  connectionId: uuidSchema,
  clientAgentId: uuidSchema,
  targetAgentId: uuidSchema,
  taskType: z.string(),
  payloadDigest: digestSchema,
  models: z.array(z.string()).nullable(),
  tools: z.array(z.string()).nullable(),
  estimateMicros: microsSchema.nullable(),
  currency: z.string(),
  grant: grantTermsSchema,
});
/** What an approver sees and its digest covers. */
export type Action = z.infer<typeof actionSchema>;

/** Commands of dispatcher. */
export const dispatcher = {
  approve: command('dispatcher', 'approve', decision, z.object({ state })),
  reject: command('dispatcher', 'reject', decision, z.object({ state })),
  cancel: command('dispatcher', 'cancel', z.strictObject({ task: taskKeySchema }), z.object({ state })),
  block: command(
    'dispatcher',
    'block',
    z.strictObject({
      org: uuidSchema.nullable(),
      kind: z.enum(['AGENT', 'CONNECTION', 'SHARE', 'KILL_SWITCH']),
      id: z.string().max(60),
      active: z.boolean(),
      epoch: z.number().int().nonnegative(),
      code: reasonCodeSchema,
    }),
    z.object({ handedOver: z.array(taskKeySchema) }),
  ),
  tasks: command(
    'dispatcher',
    'tasks',
    z.strictObject({ tasks: z.array(z.strictObject({ task: taskKeySchema, attempt: z.number().int() })).max(500) }),
    z.object({ rows: z.array(taskRowSchema) }),
  ),
  list: command(
    'dispatcher',
    'list',
    z.strictObject({
      org: uuidSchema,
      after: instantSchema.optional(),
      state: state.optional(),
      limit: z.number().int().min(1).max(500).default(50),
    }),
    z.object({ rows: z.array(taskRowSchema) }),
  ),
  approvals: command(
    'dispatcher',
    'approvals',
    ofOrg,
    z.object({
      requests: z.array(
        z.object({
          task: taskKeySchema,
          attempt: z.number().int(),
          round: z.number().int(),
          reasons: z.array(z.object({ service: z.string(), code: reasonCodeSchema, id: z.string().optional() })),
          actionDigest: digestSchema,
          action: actionSchema,
          requestedAt: instantSchema,
          expiresAt: instantSchema,
        }),
      ),
    }),
  ),
  explain: explain('dispatcher'),
} as const;
