import { z } from 'zod';
import { agentRefSchema, instantSchema, slugSchema, taskKeySchema, uuidSchema } from '../identities.js';
import { surfaceSchema } from '../policy-document.js';
import { agentRecordSchema, connectionRecordSchema, orgRecordSchema } from '../read-models.js';
import { credentialFileSchema } from '../trust-bundle.js';
import { command, dryRun, explain, ofOrg, ofAgent, ofConnection } from './command.js';

/** What a revoking command answers: whether the dispatcher confirmed the block, and the tasks that were handed over before it. */
export const revocationSchema = z.object({ pending: z.boolean(), handedOver: z.array(taskKeySchema) });

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
  ),
  agentList: command('registry', 'agent-list', ofOrg, z.object({ agents: z.array(agentRecordSchema) })),
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
    }),
    z.object({ connection: uuidSchema }),
  ),
  connectionList: command(
    'registry',
    'connection-list',
    ofOrg,
    z.object({ connections: z.array(connectionRecordSchema) }),
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
  dryRun: dryRun('registry'),
  explain: explain('registry'),
} as const;
