import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  COMMANDS,
  guardrailSchema,
  NEUTRAL_SURFACE,
  type AgentRecord,
  type OrganizationPolicy,
} from '@countersign/contracts';
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
  /** Private keys (PKCS #8 PEM) of the people who approve what waits, by name. */
  readonly people: ReadonlyMap<string, string>;
  /** The file with the help desk's notes, a canary among them. */
  readonly notes: string;
}

type Change = Partial<OrganizationPolicy>;

const AGENTS = [
  'playground',
  'apprentice',
  'temp',
  'reviewer',
  'summariser',
  'converter',
  'helpdesk',
  'night-desk',
  'vault',
] as const;
const PEOPLE = ['ann', 'bob'] as const;

/** Beside the baseline: what a target has no business to see. */
const HIDE_PERSONAL_DATA = guardrailSchema.parse({
  id: 'hide-personal-data',
  name: 'Personal data on the way in',
  version: 1,
  stage: 'INPUT',
  category: 'SECURITY',
  packs: ['pii'],
  action: 'REDACT',
  timeoutMs: 500,
  enabled: true,
});

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
    [
      'playground',
      'summariser',
      { taskTypes: ['summarise'], approvalAboveMicros: '2000000', monthlyCapMicros: '50000000' },
    ],
    ['playground', 'converter', { taskTypes: ['convert'], monthlyCapMicros: '100000000' }],
    ['playground', 'helpdesk', { taskTypes: ['answer'], minTrustTarget: { scoreHundredths: 2800 } }],
    ['playground', 'night-desk', { taskTypes: ['convert'], windows: closedNow(now) }],
    ['playground', 'vault', { taskTypes: ['convert'], minTrustClient: { level: 'VERIFIED' } }],
    ['apprentice', 'converter', { taskTypes: ['convert'], models: ['house-*'], rate: { perMinute: 1, perHour: null } }],
    ['temp', 'converter', { taskTypes: ['convert'] }],
  ];
}

/** How many connections an agent of the demo calls others over. */
export function connectionsFrom(client: string): number {
  return connectionsOf(new Date(0)).filter(([from]) => from === client).length;
}

/** What everything of an organisation is made with. */
interface Making {
  readonly commands: CommandClient;
  readonly folders: Pick<Folders, 'project' | 'agents'>;
  readonly org: string;
  readonly name: string;
}

/** A person with a key of their own; the file is as `cs operator create` writes it, so `cs --as` takes it too. */
async function createApprover({ commands, folders, org, name: orgName }: Making, name: string): Promise<string> {
  const key = SigningKey.generate('operator');
  const person = { org, name, roles: ['APPROVER' as const], publicKey: toBase64Url(key.publicKey) };
  const made = await commands.call(COMMANDS.registry.operatorCreate, person);
  const file = { v: 1, org, orgName, ...made, name, privateKey: key.toPem() };
  writeSecret(join(folders.agents, `${orgName}-${name}.json`), `${JSON.stringify(file, null, 2)}\n`);
  return file.privateKey;
}

async function createAgent(
  { commands, folders, org, name: orgName }: Making,
  name: string,
  natsUrls: readonly string[],
): Promise<{ readonly agent: string; readonly file: string }> {
  const owner = name === 'playground' ? 'user:you' : 'team:demo';
  const surface = { ...NEUTRAL_SURFACE };
  const { agent, credential } = await commands.call(COMMANDS.registry.agentCreate, { org, name, owner, surface });
  const file = join(folders.agents, `${orgName}-${name}.json`);
  writeSecret(file, `${JSON.stringify({ nats: natsUrls, ...credential }, null, 2)}\n`);
  return { agent, file };
}

/** The help desk's notes with a canary in them: whatever answers with it has told what it should keep. */
async function writeNotes({ commands, folders, org, name }: Making, agent: string): Promise<string> {
  const { canary } = await commands.call(COMMANDS.guardrails.canaryCreate, { org, agent });
  const notes = readFileSync(join(folders.project, 'infra', 'local', 'demo', 'notes.txt'), 'utf8');
  const file = join(folders.agents, `${name}-notes.txt`);
  writeSecret(file, notes.replace('{canary}', canary));
  return file;
}

async function setGuardrails({ commands, org }: Making): Promise<void> {
  await commands.call(COMMANDS.guardrails.setBaseline, { org });
  const { guardrails } = await commands.call(COMMANDS.guardrails.setShow, { org });
  await commands.call(COMMANDS.guardrails.setPut, { org, guardrails: [...guardrails, HIDE_PERSONAL_DATA] });
}

/** Makes an organisation with agents, connections, policies and people, by the operator's commands and nothing else. */
export async function createDemoOrganisation(
  commands: CommandClient,
  {
    folders,
    natsUrls,
    now,
  }: { readonly folders: Making['folders']; readonly natsUrls: readonly string[]; readonly now: Date },
): Promise<DemoOrganisation> {
  const { registry, policy } = COMMANDS;
  const name = `demo-${now.getTime().toString(36)}`;
  const { org } = await commands.call(registry.orgCreate, { name });
  const making = { commands, folders, org, name };
  await setGuardrails(making);
  const agents = new Map<string, string>();
  const credentials = new Map<string, string>();
  for (const agent of AGENTS) {
    const made = await createAgent(making, agent, natsUrls);
    agents.set(agent, made.agent);
    credentials.set(agent, made.file);
  }
  const id = (agent: string): AgentRecord['agent'] => agents.get(agent) ?? agent;
  for (const [client, target, change] of connectionsOf(now)) {
    const { connection } = await commands.call(registry.connectionCreate, {
      client: { org, agent: id(client) },
      target: { org, agent: id(target) },
    });
    await commands.call(policy.set, { scope: { kind: 'connection', org, connection }, change });
  }
  const people = new Map<string, string>();
  for (const person of PEOPLE) people.set(person, await createApprover(making, person));
  return { org, name, agents, credentials, people, notes: await writeNotes(making, id('helpdesk')) };
}
