import { setTimeout as sleep } from 'node:timers/promises';
import { COMMANDS, NEUTRAL_SURFACE, type CredentialFile } from '@countersign/contracts';
import { connect, type Agent } from '@countersign/agent-sdk';
import type { CommandClient } from '@countersign/bus';

const PATIENCE_MS = 30_000;
const RETRY_MS = 100;
/** What the connection may spend in a month; a canary that asks for more has to be denied. */
export const MONTHLY_CAP_MICROS = '1000000';

/** An organisation of its own for one run of the checks: a caller and a worker that are connected, made by the operator's commands and nothing else. */
export class TestOrganisation {
  readonly #open: Agent[] = [];

  private constructor(
    readonly org: string,
    readonly worker: string,
    readonly callerCredential: CredentialFile,
    readonly caller: Agent,
    private readonly commands: CommandClient,
  ) {}

  /** Makes it and waits until its connection is known everywhere. The worker serves and gives back what it was told. */
  static async make(commands: CommandClient, natsUrl: string, name: string): Promise<TestOrganisation> {
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
    const credential = { nats: [natsUrl], ...caller.credential };
    const serving = await connect({ nats: [natsUrl], ...worker.credential });
    serving.serve(() => ({ parts: [{ text: 'done' }] }));
    const calling = await connect(credential);
    const made = new TestOrganisation(org, worker.agent, credential, calling, commands);
    made.#open.push(calling, serving);
    await made.#untilKnown();
    return made;
  }

  /** Revokes one of its agents; returns when nothing is handed over to or from it any more. */
  async revoke(agent: string): Promise<void> {
    await this.commands.call(COMMANDS.registry.agentRevoke, { org: this.org, agent }, { timeoutMs: 15_000 });
  }

  /** Disconnects its agents and suspends it, so that nothing of it can act again. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#open.map((agent) => agent.close()));
    await this.commands.call(COMMANDS.registry.orgStatus, { org: this.org, status: 'SUSPENDED' });
  }

  async #untilKnown(): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    while (performance.now() < until) {
      if ((await this.caller.peers().catch(() => [])).length > 0) return;
      await sleep(RETRY_MS);
    }
    throw new Error('the connection of the self-test did not become known in time');
  }
}

async function newAgent(commands: CommandClient, { org, name }: { readonly org: string; readonly name: string }) {
  return commands.call(COMMANDS.registry.agentCreate, {
    org,
    name,
    owner: 'operator:selftest',
    surface: { ...NEUTRAL_SURFACE },
  });
}
