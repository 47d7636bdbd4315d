import { z } from 'zod';
import { reasonCodeSchema } from './codes.js';
import { recordRefSchema, TASK_STATES } from './envelope.js';
import {
  agentRefSchema,
  digestSchema,
  instantSchema,
  microsSchema,
  nonceSchema,
  slugSchema,
  taskKeySchema,
  uuidSchema,
  type Signer,
} from './identities.js';
import { organizationPolicySchema, policySchema, surfaceSchema } from './policy-document.js';
import {
  agentRecordSchema,
  connectionRecordSchema,
  guardrailSchema,
  orgRecordSchema,
  policyRecordSchema,
  policyScopeSchema,
  priceBookRecordSchema,
  priceEntrySchema,
} from './read-models.js';
import { grantTermsSchema } from './frame-items.js';
import { credentialFileSchema } from './trust-bundle.js';

/** Who commands: the local operator, a service in its own name, later a person at the gateway. */
export const actorSchema = z.strictObject({
  kind: z.enum(['operator', 'service', 'user']),
  id: z.string().min(1).max(100),
});
/** Who commands. */
export type Actor = z.infer<typeof actorSchema>;

/** A refusal of a command: a code of the catalogue, a sentence that names the value and what would be right, and the field. */
export const problemSchema = z.object({ code: reasonCodeSchema, message: z.string(), field: z.string().optional() });
/** A refusal of a command. */
export type Problem = z.infer<typeof problemSchema>;

/** One command of one service: schemas of what is asked and of what is answered. */
export interface CommandSpec<Q extends z.ZodType = z.ZodType, A extends z.ZodType = z.ZodType> {
  readonly service: CommandService;
  readonly verb: string;
  /** Whether its answer is remembered under its idempotency key: not of a command that only reads, nor of one whose answer carries a secret. */
  readonly remembered: boolean;
  readonly request: Q;
  readonly answer: A;
}

/** Services that take commands. */
export type CommandService = 'registry' | 'policy' | 'guardrails' | 'trust' | 'budget' | 'dispatcher' | 'audit';

const NOT_REMEMBERED =
  /^(?:agent-create|credential-issue|.*-list|.*-show|list|show|explain|tasks|approvals|export|verify|open|check)$/;

const command = <Q extends z.ZodType, A extends z.ZodType>(
  service: CommandService,
  verb: string,
  request: Q,
  answer: A,
): CommandSpec<Q, A> => ({ service, verb, request, answer, remembered: !NOT_REMEMBERED.test(verb) });

/** The outer form of every command; signed by the sender over the subject and these bytes. The same idempotency key again answers the same. */
export const commandEnvelopeSchema = z.strictObject({
  nonce: nonceSchema,
  actor: actorSchema,
  idempotencyKey: uuidSchema,
  body: z.unknown(),
});
/** The outer form of every command. */
export type CommandEnvelope = z.infer<typeof commandEnvelopeSchema>;

/** The outer form of every answer. */
export const commandReplySchema = z.union([
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), problem: problemSchema }),
]);
/** The outer form of every answer. */
export type CommandReply = z.infer<typeof commandReplySchema>;

const org = z.strictObject({ org: uuidSchema });
const agent = z.strictObject({ org: uuidSchema, agent: uuidSchema });
const connection = z.strictObject({ org: uuidSchema, connection: uuidSchema });
const explain = <S extends CommandService>(service: S) =>
  command(
    service,
    'explain',
    z.strictObject({ task: taskKeySchema }),
    z.object({ found: z.boolean(), part: z.record(z.string(), z.json()) }),
  );

/** What a revoking command answers: whether the dispatcher confirmed the block, and the tasks that were handed over before it. */
export const revocationSchema = z.object({ pending: z.boolean(), handedOver: z.array(taskKeySchema) });

const registry = {
  orgCreate: command(
    'registry',
    'org-create',
    z.strictObject({
      name: slugSchema,
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as USD')
        .default('USD'),
      zone: z.string().max(64).default('UTC'),
    }),
    z.object({ org: uuidSchema }),
  ),
  orgList: command('registry', 'org-list', z.strictObject({}), z.object({ organizations: z.array(orgRecordSchema) })),
  orgKillSwitch: command(
    'registry',
    'org-kill-switch',
    z.strictObject({ org: uuidSchema, active: z.boolean() }),
    revocationSchema,
  ),
  orgStatus: command(
    'registry',
    'org-status',
    z.strictObject({ org: uuidSchema, status: z.enum(['ACTIVE', 'SUSPENDED']) }),
    z.object({}),
  ),
  installKillSwitch: command(
    'registry',
    'install-kill-switch',
    z.strictObject({ active: z.boolean() }),
    revocationSchema,
  ),
  agentCreate: command(
    'registry',
    'agent-create',
    z.strictObject({
      org: uuidSchema,
      name: slugSchema,
      owner: z.string().min(1).max(200).default('operator:local'),
      surface: surfaceSchema,
      mayOriginate: z.boolean().default(true),
    }),
    z.object({ agent: uuidSchema, credential: credentialFileSchema.omit({ nats: true }) }),
  ),
  agentList: command('registry', 'agent-list', org, z.object({ agents: z.array(agentRecordSchema) })),
  agentRevoke: command('registry', 'agent-revoke', agent, revocationSchema),
  agentCommunication: command(
    'registry',
    'agent-communication',
    agent.extend({ enabled: z.boolean() }),
    revocationSchema,
  ),
  credentialIssue: command(
    'registry',
    'credential-issue',
    agent,
    z.object({ credential: credentialFileSchema.omit({ nats: true }) }),
  ),
  credentialRevoke: command(
    'registry',
    'credential-revoke',
    agent.extend({ clientId: z.string().max(100) }),
    z.object({}),
  ),
  connectionCreate: command(
    'registry',
    'connection-create',
    z.strictObject({
      client: agentRefSchema,
      target: agentRefSchema,
      sandbox: z.boolean().default(false),
      expiresAt: instantSchema.optional(),
    }),
    z.object({ connection: uuidSchema }),
  ),
  connectionList: command(
    'registry',
    'connection-list',
    org,
    z.object({ connections: z.array(connectionRecordSchema) }),
  ),
  /** Consent of the target's organisation to a connection across organisations; `org` is the target's. */
  connectionConfirm: command('registry', 'connection-confirm', connection, z.object({})),
  connectionSuspend: command('registry', 'connection-suspend', connection, revocationSchema),
  connectionResume: command('registry', 'connection-resume', connection, z.object({})),
  connectionDisconnect: command('registry', 'connection-disconnect', connection, revocationSchema),
  shareOffer: command(
    'registry',
    'share-offer',
    z.strictObject({
      org: uuidSchema,
      agent: uuidSchema,
      grantee: uuidSchema,
      taskTypes: z.array(z.string()).nullable().default(null),
      expiresAt: instantSchema.optional(),
    }),
    z.object({ share: uuidSchema }),
  ),
  shareAccept: command(
    'registry',
    'share-accept',
    z.strictObject({ org: uuidSchema, share: uuidSchema }),
    z.object({}),
  ),
  shareRevoke: command(
    'registry',
    'share-revoke',
    z.strictObject({ org: uuidSchema, share: uuidSchema }),
    revocationSchema,
  ),
  explain: explain('registry'),
} as const;

const policy = {
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
  ),
  show: command(
    'policy',
    'show',
    z.strictObject({ scope: policyScopeSchema }),
    z.object({ policy: policyRecordSchema.nullable() }),
  ),
  explain: explain('policy'),
} as const;

const guardrails = {
  setPut: command(
    'guardrails',
    'set-put',
    z.strictObject({ org: uuidSchema, guardrails: z.array(guardrailSchema).max(100) }),
    z.object({ version: z.number().int() }),
  ),
  setBaseline: command('guardrails', 'set-baseline', org, z.object({ version: z.number().int() })),
  setShow: command(
    'guardrails',
    'set-show',
    org,
    z.object({ version: z.number().int().nullable(), guardrails: z.array(guardrailSchema) }),
  ),
  explain: explain('guardrails'),
} as const;

const trust = {
  show: command('trust', 'show', agent, z.object({ breakdown: z.record(z.string(), z.json()) })),
  explain: explain('trust'),
} as const;

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

const budget = {
  show: command(
    'budget',
    'show',
    z.strictObject({ org: uuidSchema, scope: budgetScopeSchema.optional() }),
    z.object({ budgets: z.array(budgetStateSchema) }),
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
  explain: explain('budget'),
} as const;

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

const dispatcher = {
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
    org,
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

/** One entry of a chain as it is stored: canonical header bytes as text, and its leaf. */
export const auditEntrySchema = z.object({
  position: z.number().int().nonnegative(),
  leaf: digestSchema,
  header: z.string(),
});

const audit = {
  export: command(
    'audit',
    'export',
    z.strictObject({
      org: uuidSchema,
      from: z.number().int().nonnegative().default(0),
      limit: z.number().int().min(1).max(500).default(500),
    }),
    z.object({ size: z.number().int(), entries: z.array(auditEntrySchema) }),
  ),
  verify: command(
    'audit',
    'verify',
    org,
    z.object({
      size: z.number().int(),
      ok: z.boolean(),
      head: digestSchema.nullable(),
      root: digestSchema.nullable(),
      firstBad: z.object({ position: z.number().int(), problem: z.string() }).nullable(),
    }),
  ),
  open: command(
    'audit',
    'open',
    z.strictObject({ limit: z.number().int().min(1).max(500).default(500) }),
    z.object({
      submissions: z.array(
        z.object({ task: taskKeySchema, digest: digestSchema, at: instantSchema, record: recordRefSchema }),
      ),
    }),
  ),
  explain: explain('audit'),
} as const;

/** Every operator and service command by service. */
export const COMMANDS = { registry, policy, guardrails, trust, budget, dispatcher, audit } as const;

/** What a command asks for, as its sender writes it. */
export type RequestOf<C extends CommandSpec> = z.input<C['request']>;
/** What a command asks for, as its service reads it. */
export type ParsedRequestOf<C extends CommandSpec> = z.output<C['request']>;
/** What a command answers. */
export type AnswerOf<C extends CommandSpec> = z.output<C['answer']>;

/** Services that may send a command in their own name; every command is open to the operator and the gateway. */
const SERVICE_CALLERS: Readonly<Record<string, readonly Signer[]>> = {
  'dispatcher.block': ['registry'],
  'dispatcher.tasks': ['budget'],
  'audit.open': ['dispatcher'],
};

/** Tells whether a signer may send a command. */
export function mayCommand(signer: Signer, { service, verb }: Pick<CommandSpec, 'service' | 'verb'>): boolean {
  return (
    signer === 'operator' || signer === 'gateway' || (SERVICE_CALLERS[`${service}.${verb}`]?.includes(signer) ?? false)
  );
}
