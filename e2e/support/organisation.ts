import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type Agent, type CredentialFile } from '@countersign/agent-sdk';
import { COMMANDS, NEUTRAL_SURFACE, type OrganizationPolicy, type Role } from '@countersign/contracts';
import { SigningKey } from '@countersign/identity';
import { connectAsPerson, writeSecret, type Operator } from '@countersign/local';
import type { JourneySystem } from './composed-system.js';

/** What an organisation is made with: a running system, whoever started it. */
export interface World {
  readonly system: Pick<JourneySystem, 'folders'> & { readonly run: Pick<JourneySystem['run'], 'nats' | 'operator'> };
  readonly operator: Operator;
}

let made = 0;

/** An organisation of a journey with its agents, made by the operator's commands and nothing else. */
export class Organisation {
  readonly #agents = new Map<string, string>();
  readonly #files = new Map<string, string>();
  readonly #connected: Agent[] = [];
  readonly #people: Operator[] = [];

  private constructor(
    readonly id: string,
    readonly name: string,
    private readonly running: World,
  ) {}

  /** Makes one with the baseline of guardrails. */
  static async create(running: World): Promise<Organisation> {
    made += 1;
    const name = `org-${process.pid}-${Date.now().toString(36)}-${made}`;
    const { org } = await running.operator.commands.call(COMMANDS.registry.orgCreate, { name });
    await running.operator.commands.call(COMMANDS.guardrails.setBaseline, { org });
    return new Organisation(org, name, running);
  }

  /** Registers an agent; answers its id. */
  async agent(name: string): Promise<string> {
    const { commands } = this.running.operator;
    const { agent, credential } = await commands.call(COMMANDS.registry.agentCreate, {
      org: this.id,
      name,
      owner: `team:${name}`,
      surface: NEUTRAL_SURFACE,
    });
    const file = join(this.running.system.folders.agents, `${this.name}-${name}.json`);
    writeSecret(file, JSON.stringify({ nats: [this.running.system.run.nats], ...credential }));
    this.#agents.set(name, agent);
    this.#files.set(name, file);
    return agent;
  }

  /** Id of an agent. */
  idOf(name: string): string {
    const id = this.#agents.get(name);
    if (id === undefined) throw new Error(`there is no agent ${name}`);
    return id;
  }

  /** Credential of an agent. */
  credentialOf(name: string): CredentialFile {
    return JSON.parse(readFileSync(this.#files.get(name) ?? '', 'utf8')) as CredentialFile;
  }

  /** An agent, connected; closed with {@link close}. */
  async connected(name: string): Promise<Agent> {
    const agent = await connect(this.#files.get(name) ?? '');
    this.#connected.push(agent);
    return agent;
  }

  /** A person of the organisation with a key of their own, connected. */
  async person(
    name: string,
    ...roles: readonly Role[]
  ): Promise<Operator & { readonly id: string; readonly again: () => Promise<Operator> }> {
    const key = SigningKey.generate('operator');
    const { operator: id } = await this.running.operator.commands.call(COMMANDS.registry.operatorCreate, {
      org: this.id,
      name,
      roles: [...roles],
      publicKey: key.publicKey.toString('base64url'),
    });
    const again = (): Promise<Operator> => connectAsPerson(this.running.system.run, key.toPem(), id);
    const person = await again();
    this.#people.push(person);
    return { ...person, id, again };
  }

  /** Connects two agents under a policy; answers the connection. */
  async connect(
    client: string,
    target: string,
    change: Partial<OrganizationPolicy> = {},
    requiredApprovals: 1 | 2 = 1,
  ): Promise<string> {
    const { commands } = this.running.operator;
    const { connection } = await commands.call(COMMANDS.registry.connectionCreate, {
      client: { org: this.id, agent: this.idOf(client) },
      target: { org: this.id, agent: this.idOf(target) },
      requiredApprovals,
    });
    await commands.call(COMMANDS.policy.set, {
      scope: { kind: 'connection', org: this.id, connection },
      change: { taskTypes: ['echo'], ...change },
    });
    return connection;
  }

  /** Waits until the read models know the connections of an agent, by a task that nobody minds. */
  async untilKnown(agent: Agent, target: string): Promise<void> {
    for (let i = 0; i < 100; i += 1) {
      if ((await agent.peers().catch(() => [])).some((peer) => peer.target === this.idOf(target))) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the connection to ${target} did not become known`);
  }

  /** Disconnects the agents. */
  async close(): Promise<void> {
    await Promise.all(this.#connected.splice(0).map((agent) => agent.close().catch(() => undefined)));
    await Promise.all(this.#people.splice(0).map((person) => person.close().catch(() => undefined)));
  }
}

/** A client, a target that echoes, and a connection between them. */
export async function echoPair(
  running: World,
  change: Partial<OrganizationPolicy> = {},
): Promise<{ readonly org: Organisation; readonly client: Agent; readonly target: Agent; readonly handled: string[] }> {
  const org = await Organisation.create(running);
  await org.agent('client');
  await org.agent('target');
  await org.connect('client', 'target', change);
  const [client, target] = [await org.connected('client'), await org.connected('target')];
  const handled: string[] = [];
  target.serve(({ envelope }) => {
    handled.push(envelope.id);
    return { parts: [{ text: 'done' }] };
  });
  await org.untilKnown(client, 'target');
  return { org, client, target, handled };
}
