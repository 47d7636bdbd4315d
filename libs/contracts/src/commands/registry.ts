import { z } from 'zod';
import { agentRefSchema, instantSchema, slugSchema, taskKeySchema, uuidSchema } from '../identities.js';
import { surfaceSchema } from '../policy-document.js';
import { agentRecordSchema, connectionRecordSchema, operatorRecordSchema, orgRecordSchema } from '../read-models.js';
import { ROLES } from '../roles.js';
import { credentialFileSchema, trustBundleFileSchema } from '../trust-bundle.js';
import { ANYBODY, command, dryRun, explain, ofOrg, ofAgent, ofConnection } from './command.js';

/** What a revoking command answers: whether the dispatcher confirmed the block, and the tasks that were handed over before it. */
export const revocationSchema = z.object({ pending: z.boolean(), handedOver: z.array(taskKeySchema) });

/** A share of an agent with another organisation. */
export const shareSchema = z.object({
  share: uuidSchema,
  org: uuidSchema,
  agent: uuidSchema,
  grantee: uuidSchema,
  status: z.enum(['OFFERED', 'ACTIVE', 'REVOKED', 'EXPIRED']),
  expiresAt: instantSchema.optional(),
  /** Connections on it that wait for the consent of the organisation whose agent it is. */
  waiting: z.array(uuidSchema),
});
/** A share of an agent with another organisation. */
export type Share = z.infer<typeof shareSchema>;

const roles = z.array(z.enum(ROLES)).min(1).max(ROLES.length);
const ofOperator = z.strictObject({ org: uuidSchema, operator: uuidSchema });

/** Commands of registry. */
export const registry = {
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
    ['OPERATOR', 'OWNER'],
  ),
  agentList: command('registry', 'agent-list', ofOrg, z.object({ agents: z.array(agentRecordSchema) }), ANYBODY),
  agentRevoke: command('registry', 'agent-revoke', ofAgent, revocationSchema),
  /** Cuts the live connections of an agent that floods the intake; it may connect again. */
  agentCut: command('registry', 'agent-cut', ofAgent, z.object({})),
  agentCommunication: command(
    'registry',
    'agent-communication',
    ofAgent.extend({ enabled: z.boolean() }),
    revocationSchema,
  ),
  credentialIssue: command(
    'registry',
    'credential-issue',
    ofAgent,
    z.object({ credential: credentialFileSchema.omit({ nats: true }) }),
  ),
  credentialRevoke: command(
    'registry',
    'credential-revoke',
    ofAgent.extend({ clientId: z.string().max(100) }),
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
      /** How many people have to approve what is held on it, at least. */
      requiredApprovals: z.union([z.literal(1), z.literal(2)]).default(1),
    }),
    z.object({ connection: uuidSchema }),
  ),
  connectionList: command(
    'registry',
    'connection-list',
    ofOrg,
    z.object({ connections: z.array(connectionRecordSchema) }),
    ANYBODY,
  ),
  /** Consent of the target's organisation to a connection across organisations; `org` is the target's. */
  connectionConfirm: command('registry', 'connection-confirm', ofConnection, z.object({})),
  connectionSuspend: command('registry', 'connection-suspend', ofConnection, revocationSchema),
  connectionResume: command('registry', 'connection-resume', ofConnection, z.object({})),
  connectionDisconnect: command('registry', 'connection-disconnect', ofConnection, revocationSchema),
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
  /** Shares that an organisation gave or was given, newest first. */
  shareList: command('registry', 'share-list', ofOrg, z.object({ shares: z.array(shareSchema) }), ANYBODY),
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
  /** A person with a key of their own: `publicKey` is the raw Ed25519 key, the private one never leaves where it was made. Points of small order and second encodings are refused. */
  operatorCreate: command(
    'registry',
    'operator-create',
    z.strictObject({
      org: uuidSchema,
      name: slugSchema,
      roles,
      publicKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be the 32 bytes of an Ed25519 public key in base64url'),
    }),
    z.object({ operator: uuidSchema, kid: z.string() }),
  ),
  operatorList: command(
    'registry',
    'operator-list',
    ofOrg,
    z.object({ operators: z.array(operatorRecordSchema) }),
    ANYBODY,
  ),
  operatorRoles: command('registry', 'operator-roles', ofOperator.extend({ roles }), z.object({})),
  /** Ends what a person may do, for good. `forCause`: what the person approved and is not released yet counts no more. */
  operatorDisable: command(
    'registry',
    'operator-disable',
    ofOperator.extend({ forCause: z.boolean().default(false) }),
    z.object({}),
  ),
  /** The newest public keys of the installation. It is believed by its own signature, so that a bundle may be too old to check the reply's. */
  bundleShow: command('registry', 'bundle-show', ofOrg, z.object({ trustBundle: trustBundleFileSchema }), ANYBODY),
  dryRun: dryRun('registry'),
  explain: explain('registry'),
} as const;
