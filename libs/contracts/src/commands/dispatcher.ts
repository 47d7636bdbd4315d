import { z } from 'zod';
import { reasonCodeSchema } from '../codes.js';
import { TASK_STATES } from '../envelope.js';
import { agentRefSchema, digestSchema, instantSchema, microsSchema, taskKeySchema, uuidSchema } from '../identities.js';
import { grantTermsSchema } from '../verdict-items.js';
import type { Role } from '../roles.js';
import { acrossOrgs, ANYBODY, command, explain, ofOrg, problemSchema } from './command.js';

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

/** Who may decide on requests for approval. */
const DECIDERS: readonly Role[] = ['APPROVER', 'OWNER'];
const SEVERITIES = ['INFO', 'WARNING', 'HIGH', 'CRITICAL'] as const;

/** One request as its approver saw it: decided only while it still is what was shown. */
const shown = z.strictObject({
  task: taskKeySchema,
  attempt: z.number().int().min(1),
  round: z.number().int().min(1),
  actionDigest: digestSchema,
});
const comment = z.string().max(500).optional();
/** What a decision led to: the task's state, and how many more people of this organisation have to approve. */
const decided = z.object({ state, missing: z.number().int().nonnegative() });
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

const person = z.object({ operator: uuidSchema, name: z.string() });
/** A request for approval that waits, as those who may decide it see it. */
export const approvalRequestSchema = z.object({
  task: taskKeySchema,
  attempt: z.number().int(),
  round: z.number().int(),
  /** Before anything is released, or of a result before it is delivered. */
  stage: z.enum(['PRE_RELEASE', 'OUTPUT']),
  reasons: z.array(z.object({ service: z.string(), code: reasonCodeSchema, id: z.string().optional() })),
  severity: z.enum(SEVERITIES),
  actionDigest: digestSchema,
  action: actionSchema,
  required: z.number().int().min(1).max(2),
  /** People who have approved so far. */
  approvedBy: z.array(z.string()),
  /** People who may still decide. */
  eligible: z.array(person),
  /** Too few people may decide for it ever to be approved: it will expire. */
  stuck: z.boolean(),
  requestedAt: instantSchema,
  expiresAt: instantSchema,
});
/** A request for approval that waits. */
export type PendingApproval = z.infer<typeof approvalRequestSchema>;

/** Where a page of requests that wait ends; the next one begins after it. */
const approvalCursorSchema = z.strictObject({
  requestedAt: instantSchema,
  task: taskKeySchema,
  attempt: z.number().int(),
  round: z.number().int(),
  stage: approvalRequestSchema.shape.stage,
});

/** Commands of dispatcher. */
export const dispatcher = {
  /** Decides the request of the person's own organisation. */
  approve: acrossOrgs(command('dispatcher', 'approve', shown.extend({ comment }), decided, DECIDERS)),
  /** As `approve`; one rejection is final. `unsafe` charges the client agent's trust. */
  reject: acrossOrgs(
    command('dispatcher', 'reject', shown.extend({ comment, unsafe: z.boolean().optional() }), decided, DECIDERS),
  ),
  /** Approves many requests, each decided alone and answered in order. */
  approveMany: acrossOrgs(
    command(
      'dispatcher',
      'approve-many',
      z.strictObject({ items: z.array(shown).min(1).max(50), comment }),
      z.object({
        results: z.array(
          z.union([
            z.object({ ok: z.literal(true), state, missing: z.number().int().nonnegative() }),
            z.object({ ok: z.literal(false), problem: problemSchema }),
          ]),
        ),
      }),
      DECIDERS,
    ),
  ),
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
    ANYBODY,
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
    ANYBODY,
  ),
  /**
   * What this organisation is asked to approve now, its own tasks or those of others, oldest first and as many as fit into an answer. `next`: there are more; they are told
   * `after` it. `left`: how many of these are too large for any answer.
   */
  approvals: command(
    'dispatcher',
    'approvals',
    ofOrg.extend({ after: approvalCursorSchema.optional() }),
    z.object({
      requests: z.array(approvalRequestSchema),
      left: z.number().int().nonnegative().default(0),
      next: approvalCursorSchema.optional(),
    }),
    ANYBODY,
  ),
  explain: explain('dispatcher'),
} as const;
