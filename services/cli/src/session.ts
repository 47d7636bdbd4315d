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

/** A mistake of whoever typed: the message says what would be right. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}

const runFilePath = (): string => process.env['COUNTERSIGN_RUN_FILE'] ?? join('.countersign', 'run.json');

const runSchema = z.object({
  nats: z.string(),
  operator: z.object({
    natsSeedFile: z.string(),
    signingKeyFile: z.string(),
    trustBundleFile: z.string(),
    installationKey: z.string(),
  }),
  agents: z.record(z.string(), z.string()),
});

/** A connection with the operator's key, and names resolved to ids. */
export class Session {
  private constructor(
    readonly commands: CommandClient,
    private readonly bus: Bus,
    readonly natsUrl: string,
    readonly installationKey: string,
    readonly trustBundle: TrustBundleFile,
  ) {}

  /** Attaches to a running system by its run file. */
  static async open(runFile: string = runFilePath()): Promise<Session> {
    const run = readRun(runFile);
    const { natsSeedFile, signingKeyFile, trustBundleFile, installationKey } = run.operator;
    const bus = await Bus.connect({
      servers: [run.nats],
      service: 'operator',
      nkeySeed: readFileSync(natsSeedFile, 'utf8'),
    });
    const key = SigningKey.fromPem('operator', readFileSync(signingKeyFile, 'utf8'));
    const bundle = TrustBundle.open(JSON.parse(readFileSync(trustBundleFile, 'utf8')), installationKey);
    return new Session(
      new CommandClient({
        bus,
        key,
        bundle,
        clock: new SystemClock(),
        random: new SystemRandom(),
        actor: { kind: 'operator', id: 'local' },
      }),
      bus,
      run.nats,
      installationKey,
      bundle.file,
    );
  }

  /** Finishes and disconnects. */
  async close(): Promise<void> {
    await this.bus.drain();
  }

  /** An organisation by name or id; the newest one when none is named. */
  async org(nameOrId: string | undefined): Promise<OrgRecord> {
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

  /** A connection by id, or as `client->target` by names. */
  async connection(org: string, text: string): Promise<ConnectionRecord> {
    const [{ connections }, agents] = await Promise.all([
      this.commands.call(COMMANDS.registry.connectionList, { org }),
      this.agents(org),
    ]);
    const nameOf = (id: string): string => agents.find((a) => a.agent === id)?.name ?? id;
    const known = connections.map((c) => ({ record: c, text: `${nameOf(c.client.agent)}->${nameOf(c.target.agent)}` }));
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
