import {
  COMMANDS,
  type AgentRecord,
  type ConnectionRecord,
  type OrgRecord,
  type TaskKey,
  type TrustBundleFile,
} from '@countersign/contracts';
import type { CommandClient } from '@countersign/bus';
import { attachAsOperator, attachAsPerson, type Attachment } from './attachment.js';
import { readOperatorFile, type OperatorFile } from './operator-file.js';
import { readRun, runFilePath } from './run-file.js';
import { UsageError } from './usage-error.js';

export { UsageError } from './usage-error.js';

/** An organisation as commands name it. */
export type NamedOrg = Pick<OrgRecord, 'org' | 'name'> & { readonly currency?: string };

/** A connection with the operator's key or a person's, and names resolved to ids. */
export class Session {
  private constructor(
    private readonly attachment: Attachment,
    readonly person: OperatorFile | undefined,
  ) {}

  /** Attaches to a running system: with the file of a person as that person, wherever they are; without, as the operator, by the run file. */
  static async open({
    runFile = runFilePath(),
    as,
  }: {
    readonly runFile?: string;
    readonly as?: string | undefined;
  } = {}): Promise<Session> {
    const person = as === undefined ? undefined : readOperatorFile(as);
    const attachment =
      person?.installation === undefined
        ? await attachAsOperator(readRun(runFile), person)
        : await attachAsPerson(person, person.installation, runFile);
    return new Session(attachment, person);
  }

  get commands(): CommandClient {
    return this.attachment.commands;
  }

  get natsUrls(): readonly string[] {
    return this.attachment.natsUrls;
  }

  /** Where each replica of a service tells its health. */
  get health(): Readonly<Record<string, string>> {
    return this.attachment.health;
  }

  get installationKey(): string {
    return this.attachment.installationKey;
  }

  get trustBundle(): TrustBundleFile {
    return this.attachment.trustBundle;
  }

  /** Finishes and disconnects. */
  async close(): Promise<void> {
    await this.attachment.close();
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

function found<T>(value: T | undefined, what: string, asked: string, known: readonly string[]): T {
  if (value !== undefined) return value;
  throw new UsageError(
    `there is no ${what} ${asked}${known.length > 0 ? ` (there are: ${known.slice(0, 20).join(', ')})` : ''}`,
  );
}
