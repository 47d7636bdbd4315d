import type { CommandClient } from '@countersign/bus';
import { COMMANDS, NEUTRAL_SURFACE, type CredentialFile } from '@countersign/contracts';
import { uuidV7, type Clock, type Random } from '@countersign/primitives';
import { MONTHLY_CAP_MICROS, TASK_TYPE, type Bird, type CanaryFile } from './birds.js';

/** What setting up needs. */
export interface SetUpParts {
  readonly commands: CommandClient;
  /** Where agents reach NATS. */
  readonly natsUrls: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
}

interface Made {
  readonly agent: string;
  readonly credential: CredentialFile;
}

/** Makes the canary's own organisation with its agents and connections, by the operator's commands and nothing else. Each call makes a new one. */
export async function setUpCanary(parts: SetUpParts): Promise<CanaryFile> {
  const { commands, clock, random } = parts;
  const { org } = await commands.call(COMMANDS.registry.orgCreate, { name: `canary-${clock.now().toString(36)}` });
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
    // owners of their own: agents of one owner share what is known of them
    owner: `team:canary-${name}`,
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
