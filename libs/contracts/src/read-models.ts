import { z } from 'zod';
import { agentRefSchema, instantSchema, microsSchema, slugSchema, uuidSchema } from './identities.js';
import { entrySchema } from './envelope.js';
import { guardrailSchema } from './guardrail.js';
import { ROLES } from './roles.js';
import { organizationPolicySchema, patternSchema, policySchema, surfaceSchema } from './policy-document.js';

/** Services that publish a read model; the bucket of `x` is `CFG_x`, its stream `KV_CFG_x`. */
export const READ_MODEL_OWNERS = ['registry', 'policy', 'budget', 'guardrails'] as const;
/** A service that publishes a read model. */
export type ReadModelOwner = (typeof READ_MODEL_OWNERS)[number];

/** Stream of a read model. */
export function readModelStream(owner: ReadModelOwner): string {
  return `KV_CFG_${owner}`;
}

/** Kinds of records that this release knows, in any read model. */
export const RECORD_KINDS: readonly string[] = [
  'org',
  'agent',
  'connection',
  'operator',
  'install',
  'prices',
  'guardrails',
];

/** Subject of one key of a read model. */
export function readModelSubject(owner: ReadModelOwner, key: string): string {
  return `$KV.CFG_${owner}.${key}`;
}

/** The key that every replica of the owner writes once a second while its rows and the bucket agree. */
export const TICK_KEY = '_tick';
/** What stands under {@link TICK_KEY}; `by` tells the replica that ticked from the others. */
export const tickSchema = z.object({ v: z.literal(1), at: instantSchema, by: z.string().max(64) });

/** Keys of the records. */
export const readModelKey = {
  org: (org: string): string => `org.${org}`,
  agent: ({ org, agent }: { readonly org: string; readonly agent: string }): string => `agent.${org}.${agent}`,
  connection: (clientOrg: string, connection: string): string => `conn.${clientOrg}.${connection}`,
  operator: (org: string, operator: string): string => `operator.${org}.${operator}`,
  install: (): string => 'install',
  prices: (version: number): string => `prices.${version}`,
};

const head = { v: z.literal(1), version: z.number().int().positive(), at: instantSchema };
const epoch = z.number().int().nonnegative();

/** An organisation, `org.<org>` of CFG_registry. */
export const orgRecordSchema = z.object({
  ...head,
  kind: z.literal('org'),
  org: uuidSchema,
  name: slugSchema,
  status: z.enum(['ACTIVE', 'SUSPENDED', 'CLOSING', 'CLOSED']),
  killSwitch: z.boolean(),
  currency: z.string().regex(/^[A-Z]{3}$/),
  zone: z.string().max(64),
});
/** An organisation. */
export type OrgRecord = z.infer<typeof orgRecordSchema>;

/** Kinds of credential, weakest last. Over NATS an id and secret are exchanged for a user token of at most ten minutes, which counts as SECRET_JWT. */
export const CREDENTIAL_KINDS = ['MTLS', 'PRIVATE_KEY_JWT', 'SECRET_JWT', 'STATIC_SECRET'] as const;

/** An agent, `agent.<org>.<agent>` of CFG_registry. */
export const agentRecordSchema = z.object({
  ...head,
  kind: z.literal('agent'),
  org: uuidSchema,
  agent: uuidSchema,
  name: slugSchema,
  status: z.enum(['PENDING', 'ACTIVE', 'SUSPENDED', 'REVOKED', 'DECOMMISSIONED']),
  epoch,
  communication: z.boolean(),
  mayOriginate: z.boolean(),
  surface: surfaceSchema,
  /** The principal (person or team) that registered the agent: one owner group of trust. */
  owner: z.string().max(200),
  /** Who registered it, `kind:id` of the actor: that person never approves its tasks. */
  registeredBy: z.string().max(200),
  registration: z.enum(['WORKLOAD_ATTESTED', 'DOMAIN_VERIFIED', 'OPERATOR', 'SELF']),
  registeredAt: instantSchema,
  credentials: z.array(
    z.object({ kind: z.enum(CREDENTIAL_KINDS), createdAt: instantSchema, expiresAt: instantSchema }),
  ),
});
/** An agent. */
export type AgentRecord = z.infer<typeof agentRecordSchema>;

/** A directed connection, `conn.<client org>.<connection>` of CFG_registry. */
export const connectionRecordSchema = z.object({
  ...head,
  kind: z.literal('connection'),
  connection: uuidSchema,
  client: agentRefSchema,
  target: agentRefSchema,
  status: z.enum(['PENDING_CONSENT', 'ACTIVE', 'SUSPENDED', 'DISCONNECTED']),
  epoch,
  share: z
    .object({
      id: uuidSchema,
      status: z.enum(['OFFERED', 'ACTIVE', 'REVOKED', 'EXPIRED']),
      epoch,
      expiresAt: instantSchema.optional(),
      taskTypes: z.array(patternSchema).nullable(),
    })
    .optional(),
  handOver: z.enum(['AT_MOST_ONCE', 'AT_LEAST_ONCE']),
  backup: z.object({ connection: uuidSchema, when: z.enum(['OPEN', 'DEGRADED']) }).optional(),
  sandbox: z.boolean(),
  /** How many people have to approve what is held on this connection, at least. */
  requiredApprovals: z.union([z.literal(1), z.literal(2)]),
  expiresAt: instantSchema.optional(),
});
/** A directed connection. */
export type ConnectionRecord = z.infer<typeof connectionRecordSchema>;

/** The installation, `install` of CFG_registry. */
export const installRecordSchema = z.object({ ...head, kind: z.literal('install'), killSwitch: z.boolean() });
/** The installation. */
export type InstallRecord = z.infer<typeof installRecordSchema>;

/** A person of an organisation, `operator.<org>.<operator>` of CFG_registry. Commands signed by the key of this `kid` are this person's. */
export const operatorRecordSchema = z.object({
  ...head,
  kind: z.literal('operator'),
  org: uuidSchema,
  operator: uuidSchema,
  name: slugSchema,
  roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length),
  kid: z.string().max(60),
  publicKey: z.string().length(43),
  status: z.enum(['ACTIVE', 'DISABLED']),
  /** Disabled because of what the person did: decisions made before count no more. */
  forCause: z.boolean(),
});
/** A person of an organisation. */
export type OperatorRecord = z.infer<typeof operatorRecordSchema>;

/** Any record of CFG_registry. */
export const registryRecordSchema = z.discriminatedUnion('kind', [
  orgRecordSchema,
  agentRecordSchema,
  connectionRecordSchema,
  operatorRecordSchema,
  installRecordSchema,
]);
/** Any record of CFG_registry. */
export type RegistryRecord = z.infer<typeof registryRecordSchema>;

/** Whose policy it is. */
export const policyScopeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('org'), org: uuidSchema }),
  z.strictObject({ kind: z.literal('agent'), org: uuidSchema, agent: uuidSchema }),
  z.strictObject({ kind: z.literal('connection'), org: uuidSchema, connection: uuidSchema }),
]);
/** Whose policy it is. */
export type PolicyScope = z.infer<typeof policyScopeSchema>;

const policyHead = {
  ...head,
  policyVersion: z.number().int().positive(),
  /** Who wrote this version, `kind:id` of the actor. */
  author: z.string().max(200),
};
/** The policy in force, under the same keys as the registry's records. */
export const policyRecordSchema = z.discriminatedUnion('kind', [
  z.object({ ...policyHead, kind: z.literal('org'), org: uuidSchema, document: organizationPolicySchema }),
  z.object({ ...policyHead, kind: z.literal('agent'), org: uuidSchema, agent: uuidSchema, document: policySchema }),
  z.object({
    ...policyHead,
    kind: z.literal('connection'),
    org: uuidSchema,
    connection: uuidSchema,
    document: policySchema,
  }),
]);
/** The policy in force. */
export type PolicyRecord = z.infer<typeof policyRecordSchema>;

/**
 * One price. Rates are micros per million tokens; a tier holds from that many tokens on. `name` is a model or tool; absent for a request. `org` makes it an organisation's
 * own: its rows of a kind and name replace all of the installation's for it.
 */
export const priceEntrySchema = z.object({
  org: uuidSchema.optional(),
  kind: z.enum(['model', 'tool', 'request']),
  name: entrySchema.optional(),
  tierMinTokens: z.number().int().nonnegative(),
  inputMicrosPerMtok: microsSchema,
  outputMicrosPerMtok: microsSchema,
  cachedInputMicrosPerMtok: microsSchema,
  requestMicros: microsSchema,
});
/** One price. */
export type PriceEntry = z.infer<typeof priceEntrySchema>;

/** An immutable price book, `prices.<version>` of CFG_budget. The highest version is in force. */
export const priceBookRecordSchema = z.object({
  ...head,
  kind: z.literal('prices'),
  currency: z.string().regex(/^[A-Z]{3}$/),
  entries: z.array(priceEntrySchema).max(2000),
});
/** An immutable price book; `version` is the price book's. */
export type PriceBookRecord = z.infer<typeof priceBookRecordSchema>;

/** An organisation's guardrails, `org.<org>` of CFG_guardrails. */
export const guardrailSetRecordSchema = z.object({
  ...head,
  kind: z.literal('guardrails'),
  org: uuidSchema,
  guardrails: z.array(guardrailSchema).max(100),
});
/** An organisation's guardrails. */
export type GuardrailSetRecord = z.infer<typeof guardrailSetRecordSchema>;
