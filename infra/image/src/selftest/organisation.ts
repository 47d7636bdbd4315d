import { setTimeout as sleep } from 'node:timers/promises';
import { COMMANDS, NEUTRAL_SURFACE, type CredentialFile } from '@countersign/contracts';
import { connect, type Agent } from '@countersign/agent-sdk';
import type { CommandClient } from '@countersign/bus';

const PATIENCE_MS = 30_000;
const RETRY_MS = 100;
/** What the connection may spend in a month; a canary that asks for more has to be denied. */
const MONTHLY_CAP_MICROS = '1000000';

interface Parts {
  readonly org: string;
  readonly worker: string;
  readonly callerCredential: CredentialFile;
  readonly caller: Agent;
  readonly open: readonly Agent[];
  readonly commands: CommandClient;
}

/** An organisation of its own for one run of the checks: a caller and a worker that are connected, made by the operator's commands and nothing else. */
export class TestOrganisation {
  readonly org: string;
  /** Id of the agent that serves. */
  readonly worker: string;
  readonly callerCredential: CredentialFile;
  readonly caller: Agent;

  private constructor(private readonly parts: Parts) {
    this.org = parts.org;
    this.worker = parts.worker;
    this.callerCredential = parts.callerCredential;
    this.caller = parts.caller;
  }

  /** Makes it and waits until its connection is known everywhere. The worker serves and gives back what it was told. */
  static async make(commands: CommandClient, natsUrls: readonly string[], name: string): Promise<TestOrganisation> {
    const { registry, guardrails, policy } = COMMANDS;
    const { org } = await commands.call(registry.orgCreate, { name });
    await commands.call(guardrails.setBaseline, { org });
    const [caller, worker] = [
      await newAgent(commands, { org, name: 'caller' }),
      await newAgent(commands, { org, name: 'worker' }),
    ];
    const { connection } = await commands.call(registry.connectionCreate, {
      client: { org, agent: caller.agent },
      target: { org, agent: worker.agent },
    });
    const change = { taskTypes: ['selftest'], monthlyCapMicros: MONTHLY_CAP_MICROS };
    await commands.call(policy.set, { scope: { kind: 'connection', org, connection }, change });
    const callerCredential = { nats: [...natsUrls], ...caller.credential };
    const workerCredential = { nats: [...natsUrls], ...worker.credential };
    const open: Agent[] = [];
    try {
      const serving = await opened(open, workerCredential);
      serving.serve(() => ({ parts: [{ text: 'done' }] }));
      const calling = await opened(open, callerCredential);
      await untilKnown(calling);
      return new TestOrganisation({ org, worker: worker.agent, callerCredential, caller: calling, open, commands });
    } catch (error) {
      await closed(commands, org, open);
      throw error;
    }
  }

  /** Revokes one of its agents; returns when nothing is handed over to or from it any more. */
  async revoke(agent: string): Promise<void> {
    await this.parts.commands.call(COMMANDS.registry.agentRevoke, { org: this.org, agent }, { timeoutMs: 15_000 });
  }

  /** Disconnects its agents and suspends it, so that nothing of it can act again. */
  async close(): Promise<void> {
    await closed(this.parts.commands, this.org, this.parts.open);
  }
}

async function opened(open: Agent[], credential: CredentialFile): Promise<Agent> {
  const agent = await connect(credential);
  open.push(agent);
  return agent;
}

async function closed(commands: CommandClient, org: string, open: readonly Agent[]): Promise<void> {
  await Promise.allSettled(open.map((agent) => agent.close()));
  await commands.call(COMMANDS.registry.orgStatus, { org, status: 'SUSPENDED' });
}

async function untilKnown(caller: Agent): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until) {
    if ((await caller.peers().catch(() => [])).length > 0) return;
    await sleep(RETRY_MS);
  }
  throw new Error('the connection of the self-test did not become known in time');
}

async function newAgent(commands: CommandClient, { org, name }: { readonly org: string; readonly name: string }) {
  return commands.call(COMMANDS.registry.agentCreate, {
    org,
    name,
    owner: 'operator:selftest',
    surface: { ...NEUTRAL_SURFACE },
  });
}
