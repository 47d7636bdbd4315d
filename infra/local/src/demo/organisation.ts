import { join } from 'node:path';
import { COMMANDS, NEUTRAL_SURFACE, type AgentRecord, type OrganizationPolicy } from '@countersign/contracts';
import { toBase64Url } from '@countersign/primitives';
import type { CommandClient } from '@countersign/bus';
import { SigningKey } from '@countersign/identity';
import { writeSecret } from '@countersign/installation';
import type { Folders } from '../system/folders.js';

/** A fresh organisation of the demo with its agents. */
export interface DemoOrganisation {
  readonly org: string;
  readonly name: string;
  /** Agent ids by name. */
  readonly agents: ReadonlyMap<string, string>;
  /** Credential files by name. */
  readonly credentials: ReadonlyMap<string, string>;
  /** Private key (PKCS #8 PEM) of the person who approves what waits. */
  readonly approver: string;
}

type Change = Partial<OrganizationPolicy>;

const AGENTS = ['playground', 'temp', 'reviewer', 'summariser', 'converter', 'night-desk', 'vault'] as const;

/** Two hours of tomorrow, so that the window is closed at whatever hour the demo runs. */
function closedNow(now: Date): NonNullable<Change['windows']> {
  const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;
  return [{ days: [days[(now.getUTCDay() + 2) % 7] ?? 'SUN'], start: '02:00', end: '04:00', tz: 'UTC' }];
}

function connectionsOf(now: Date): readonly (readonly [client: string, target: string, policy: Change])[] {
  return [
    [
      'playground',
      'reviewer',
      { taskTypes: ['code_review'], approvalAboveMicros: '50000000', monthlyCapMicros: '200000000' },
    ],
    ['playground', 'summariser', { taskTypes: ['summarise'], monthlyCapMicros: '50000000' }],
    ['playground', 'converter', { taskTypes: ['convert'], monthlyCapMicros: '100000000' }],
    ['playground', 'night-desk', { taskTypes: ['convert'], windows: closedNow(now) }],
    ['playground', 'vault', { taskTypes: ['convert'], minTrustClient: { level: 'VERIFIED' } }],
    ['temp', 'converter', { taskTypes: ['convert'] }],
  ];
}

/** A person with a key of their own; the file is as `cs operator create` writes it, so `cs --as` takes it too. */
async function createApprover(
  commands: CommandClient,
  folders: Pick<Folders, 'agents'>,
  { org, name }: { readonly org: string; readonly name: string },
): Promise<string> {
  const key = SigningKey.generate('operator');
  const person = { org, name: 'approver', roles: ['APPROVER' as const], publicKey: toBase64Url(key.publicKey) };
  const made = await commands.call(COMMANDS.registry.operatorCreate, person);
  const file = { v: 1, org, orgName: name, ...made, name: person.name, privateKey: key.toPem() };
  writeSecret(join(folders.agents, `${name}-approver.json`), `${JSON.stringify(file, null, 2)}\n`);
  return file.privateKey;
}

/** Makes an organisation with agents, connections and policies, by the operator's commands and nothing else. */
export async function createDemoOrganisation(
  commands: CommandClient,
  context: { readonly folders: Pick<Folders, 'agents'>; readonly natsUrl: string; readonly now: Date },
): Promise<DemoOrganisation> {
  const { registry, guardrails, policy } = COMMANDS;
  const name = `demo-${context.now.getTime().toString(36)}`;
  const { org } = await commands.call(registry.orgCreate, { name });
  await commands.call(guardrails.setBaseline, { org });
  const agents = new Map<string, string>();
  const credentials = new Map<string, string>();
  for (const agent of AGENTS) {
    const made = await commands.call(registry.agentCreate, {
      org,
      name: agent,
      owner: agent === 'playground' ? 'user:you' : 'team:demo',
      surface: { ...NEUTRAL_SURFACE },
    });
    const file = join(context.folders.agents, `${name}-${agent}.json`);
    writeSecret(file, `${JSON.stringify({ nats: [context.natsUrl], ...made.credential }, null, 2)}\n`);
    agents.set(agent, made.agent);
    credentials.set(agent, file);
  }
  const id = (agent: string): AgentRecord['agent'] => agents.get(agent) ?? agent;
  for (const [client, target, change] of connectionsOf(context.now)) {
    const { connection } = await commands.call(registry.connectionCreate, {
      client: { org, agent: id(client) },
      target: { org, agent: id(target) },
    });
    await commands.call(policy.set, { scope: { kind: 'connection', org, connection }, change });
  }
  return { org, name, agents, credentials, approver: await createApprover(commands, context.folders, { org, name }) };
}
