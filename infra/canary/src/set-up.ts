import type { CommandClient } from '@countersign/bus';
import { COMMANDS, NEUTRAL_SURFACE, type CredentialFile } from '@countersign/contracts';
import { uuidV7, type Clock, type Random } from '@countersign/primitives';
import { MONTHLY_CAP_MICROS, TASK_TYPE, type Bird, type CanaryFile } from './birds.js';

/** What setting up needs. */
export interface SetUpParts {
  readonly commands: CommandClient;
  /** Where agents reach NATS. */
  readonly natsUrls: readonly string[];
  /** Whose canary it is: part of the organisation's name, see {@link retireEarlier}. */
  readonly name?: string;
  readonly clock: Clock;
  readonly random: Random;
}

interface Made {
  readonly agent: string;
  readonly credential: CredentialFile;
}

/** Owners of its agents: one each, because agents of one owner share what is known of them. */
const OWNER_PREFIX = 'team:canary-';

/** The name of an organisation that is set up now (ms since 1970). */
function organisationName(now: number, name?: string): string {
  return ['canary', ...(name === undefined ? [] : [name]), now.toString(36)].join('-');
}

/**
 * Suspends what earlier set-ups of the canary of that name have made, so that set-ups that are repeated leave one organisation that can act. One that has an agent of
 * somebody else is left alone. Answers the names of those it suspended.
 */
export async function retireEarlier(commands: Pick<CommandClient, 'call'>, canary: string): Promise<readonly string[]> {
  const { organizations } = await commands.call(COMMANDS.registry.orgList, {});
  const ours = new RegExp(`^canary-${canary}-[0-9a-z]{8,9}$`);
  const retired: string[] = [];
  for (const { org, name, status } of organizations) {
    if (status !== 'ACTIVE' || !ours.test(name)) continue;
    const { agents } = await commands.call(COMMANDS.registry.agentList, { org });
    if (!agents.every(({ owner }) => owner.startsWith(OWNER_PREFIX))) continue;
    await commands.call(COMMANDS.registry.orgStatus, { org, status: 'SUSPENDED' });
    retired.push(name);
  }
  return retired;
}

/** Makes the canary's own organisation with its agents and connections, by the operator's commands and nothing else. Each call makes a new one. */
export async function setUpCanary(parts: SetUpParts): Promise<CanaryFile> {
  const { commands, clock, random, name } = parts;
  const { org } = await commands.call(COMMANDS.registry.orgCreate, { name: organisationName(clock.now(), name) });
  await commands.call(COMMANDS.guardrails.setBaseline, { org });
  const agents = {
    caller: await agent(parts, org, 'caller'),
    intruder: await agent(parts, org, 'intruder'),
    echo: await agent(parts, org, 'echo'),
    revoked: await agent(parts, org, 'revoked'),
  };
  for (const [client, target] of [
    ['caller', 'echo'],
    ['intruder', 'echo'],
    ['intruder', 'revoked'],
  ] as const)
    await connection(parts, org, { client: agents[client].agent, target: agents[target].agent });
  await commands.call(COMMANDS.registry.agentRevoke, { org, agent: agents.revoked.agent });
  return {
    v: 1,
    org,
    credentials: {
      caller: agents.caller.credential,
      intruder: agents.intruder.credential,
      echo: agents.echo.credential,
    },
    targets: { echo: agents.echo.agent, revoked: agents.revoked.agent, unknown: uuidV7(clock.now(), random) },
  };
}

async function agent({ commands, natsUrls }: SetUpParts, org: string, name: Bird | 'revoked'): Promise<Made> {
  const made = await commands.call(COMMANDS.registry.agentCreate, {
    org,
    name,
    owner: `${OWNER_PREFIX}${name}`,
    surface: NEUTRAL_SURFACE,
  });
  return { agent: made.agent, credential: { nats: [...natsUrls], ...made.credential } };
}

async function connection(
  { commands }: SetUpParts,
  org: string,
  { client, target }: { readonly client: string; readonly target: string },
): Promise<void> {
  const made = await commands.call(COMMANDS.registry.connectionCreate, {
    client: { org, agent: client },
    target: { org, agent: target },
  });
  await commands.call(COMMANDS.policy.set, {
    scope: { kind: 'connection', org, connection: made.connection },
    change: { taskTypes: [TASK_TYPE], monthlyCapMicros: MONTHLY_CAP_MICROS },
  });
}
