import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SystemClock, SystemRandom } from '@countersign/primitives';
import {
  COMMANDS,
  type AgentRecord,
  type ConnectionRecord,
  type OrgRecord,
  type TaskKey,
  type TrustBundleFile,
} from '@countersign/contracts';
import { Bus, CommandClient } from '@countersign/bus';
import { SigningKey, TrustBundle } from '@countersign/identity';
import { z } from 'zod';
import { readOperatorFile, type OperatorFile } from './operator-file.js';
import { UsageError } from './usage-error.js';

export { UsageError } from './usage-error.js';

const runFilePath = (): string => process.env['COUNTERSIGN_RUN_FILE'] ?? join('.countersign', 'run.json');

/** How long one server may take to let somebody in. */
const CONNECT_TIMEOUT_MS = 5_000;

const runSchema = z.object({
  /** One URL, or several separated by commas. */
  nats: z.string().transform((urls) => urls.split(',')),
  operator: z.object({
    natsSeedFile: z.string(),
    signingKeyFile: z.string(),
    trustBundleFile: z.string(),
    installationKey: z.string(),
  }),
  agents: z.record(z.string(), z.string()),
  services: z.record(z.string(), z.object({ health: z.string() })),
});

/** An organisation as commands name it. */
export type NamedOrg = Pick<OrgRecord, 'org' | 'name'> & { readonly currency?: string };

/** A connection with the operator's key or a person's, and names resolved to ids. */
export class Session {
  private constructor(
    readonly commands: CommandClient,
    private readonly bus: Bus,
    readonly natsUrls: readonly string[],
    /** Where each replica of a service tells its health. */
    readonly health: Readonly<Record<string, string>>,
    readonly person: OperatorFile | undefined,
    readonly installationKey: string,
    readonly trustBundle: TrustBundleFile,
  ) {}

  /** Attaches to a running system by its run file. With the file of a person every command is signed by that person's key. */
  static async open({
    runFile = runFilePath(),
    as,
  }: {
    readonly runFile?: string;
    readonly as?: string | undefined;
  } = {}): Promise<Session> {
    const run = readRun(runFile);
    const person = as === undefined ? undefined : readOperatorFile(as);
    const { natsSeedFile, signingKeyFile, trustBundleFile, installationKey } = run.operator;
    const bus = await Bus.connect({
      servers: run.nats,
      service: 'operator',
      nkeySeed: readFileSync(natsSeedFile, 'utf8'),
      timeoutMs: CONNECT_TIMEOUT_MS,
    });
    const key = SigningKey.fromPem('operator', person?.privateKey ?? readFileSync(signingKeyFile, 'utf8'));
    const bundle = TrustBundle.open(JSON.parse(readFileSync(trustBundleFile, 'utf8')), installationKey);
    return new Session(
      new CommandClient({
        bus,
        key,
        bundle,
        clock: new SystemClock(),
        random: new SystemRandom(),
        actor: person === undefined ? { kind: 'operator', id: 'local' } : { kind: 'user', id: person.operator },
      }),
      bus,
      run.nats,
      Object.fromEntries(Object.entries(run.services).map(([name, { health }]) => [name, health])),
      person,
      installationKey,
      bundle.file,
    );
  }

  /** Finishes and disconnects. */
  async close(): Promise<void> {
    await this.bus.drain();
  }

  /** An organisation by name or id; of a person their own, of the operator the newest one when none is named. */
  async org(nameOrId: string | undefined): Promise<NamedOrg> {
    if (this.person !== undefined) return ownOrg(this.person, nameOrId);
    const { organizations } = await this.commands.call(COMMANDS.registry.orgList, {});
    if (nameOrId !== undefined)
      return found(
        organizations.find((o) => o.name === nameOrId || o.org === nameOrId),
        'organisation',
        nameOrId,
        organizations.map((o) => o.name),
      );
    const [newest] = [...organizations].sort((a, b) => (a.org < b.org ? 1 : -1));
    return found(newest, 'organisation', 'yet', []);
  }

  /** An agent by name or id. */
  async agent(org: string, nameOrId: string): Promise<AgentRecord> {
    const agents = await this.agents(org);
    return found(
      agents.find((a) => a.name === nameOrId || a.agent === nameOrId),
      'agent',
      nameOrId,
      agents.map((a) => a.name),
    );
  }

  /** Agents of an organisation. */
  async agents(org: string): Promise<readonly AgentRecord[]> {
    return (await this.commands.call(COMMANDS.registry.agentList, { org })).agents;
  }

  /** Names of an organisation's agents, and of its connections as `client->target`, by id; agents of other organisations have none here. */
  async names(org: string): Promise<ReadonlyMap<string, string>> {
    const [{ connections }, agents] = await Promise.all([
      this.commands.call(COMMANDS.registry.connectionList, { org }),
      this.agents(org),
    ]);
    const names = new Map<string, string>(agents.map(({ agent, name }) => [agent, name]));
    const nameOf = (id: string): string => names.get(id) ?? id;
    for (const { connection, client, target } of connections)
      names.set(connection, `${nameOf(client.agent)}->${nameOf(target.agent)}`);
    return names;
  }

  /** A connection by id, or as `client->target` by names. */
  async connection(org: string, text: string): Promise<ConnectionRecord> {
    const [{ connections }, names] = await Promise.all([
      this.commands.call(COMMANDS.registry.connectionList, { org }),
      this.names(org),
    ]);
    const known = connections.map((record) => ({ record, text: names.get(record.connection) ?? '' }));
    const live = known.filter(({ record }) => record.status !== 'DISCONNECTED');
    return found(
      (live.find((c) => c.text === text) ?? known.find((c) => c.record.connection === text))?.record,
      'connection',
      text,
      live.map((c) => c.text),
    );
  }

  /** A task of an organisation by its id or the end of it. */
  async task(org: string, id: string): Promise<TaskKey> {
    const { rows } = await this.commands.call(COMMANDS.dispatcher.list, { org, limit: 500 });
    const matching = rows.filter((row) => row.task.task === id || row.task.task.endsWith(id));
    const [only] = matching;
    if (matching.length > 1) throw new UsageError(`${matching.length} tasks end with ${id}; give more of the id`);
    return found(only, 'task', id, []).task;
  }
}

function ownOrg({ org, orgName: name }: OperatorFile, asked: string | undefined): NamedOrg {
  if (asked === undefined || asked === org || asked === name) return { org, name };
  throw new UsageError(`a person commands in their own organisation, which is ${name}, not ${asked}`);
}

/** The public key of the local installation; undefined where none is. Reads a file and nothing else. */
export function installationKeyOfRun(path: string = runFilePath()): string | undefined {
  return existsSync(path) ? readRun(path).operator.installationKey : undefined;
}

function readRun(path: string): z.infer<typeof runSchema> {
  try {
    return runSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new UsageError(
      `no running system was found at ${path}; start one with \`npm start\`, or name its run file in COUNTERSIGN_RUN_FILE`,
    );
  }
}

function found<T>(value: T | undefined, what: string, asked: string, known: readonly string[]): T {
  if (value !== undefined) return value;
  throw new UsageError(
    `there is no ${what} ${asked}${known.length > 0 ? ` (there are: ${known.slice(0, 20).join(', ')})` : ''}`,
  );
}
