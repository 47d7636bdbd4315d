import { existsSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { COMMANDS, type AnswerOf } from '@countersign/contracts';
import { run, type Tools } from '../run.js';
import type { Session } from '../session.js';
import { UsageError } from '../usage-error.js';
import { handedOverLines, pendingLines, REVOKING } from './revocation-lines.js';
import { surfaceOf } from './typed-json.js';
import { ORG, type OrgOptions } from './org-option.js';

const { registry } = COMMANDS;

interface CreateOptions extends OrgOptions {
  readonly owner: string;
  readonly surface: string;
  readonly out: string;
}

/** `agent create|list|revoke|silence|unsilence`, and `agent credential issue|revoke`. */
export function agentCommands(program: Command): void {
  const agent = program.command('agent').description('agents');
  agent
    .command('create <name>')
    .description('register an agent; its secret is shown once, in the credential file')
    .option(...ORG)
    .option('--owner <principal>', 'who registers it', 'operator:local')
    .option('--surface <json>', 'fields of the capability surface that differ from neutral, as JSON', '{}')
    .requiredOption('--out <file>', 'where to write the credential file (0600)')
    .action((name: string, options: CreateOptions) => run(options, (tools) => create(tools, name, options)));
  agent
    .command('list')
    .description('agents of an organisation')
    .option(...ORG)
    .action((options: OrgOptions) => run(options, (tools) => list(tools, options)));
  agent
    .command('revoke <name>')
    .description('revoke an agent: nothing more is handed over for it when this returns')
    .option(...ORG)
    .action((name: string, options: OrgOptions) => run(options, (tools) => revoke(tools, name, options)));
  communication(
    agent,
    'silence',
    'nothing is handed over to or for an agent, and it cannot connect, until it is unsilenced',
  );
  communication(agent, 'unsilence', 'let a silenced agent communicate again');
  credentialCommands(agent);
}

function credentialCommands(agent: Command): void {
  const credential = agent.command('credential').description('what an agent connects with; two may live at a time');
  credential
    .command('issue <name>')
    .description('a further credential, to change to before the old one is revoked or its 90 days are over')
    .option(...ORG)
    .requiredOption('--out <file>', 'where to write the credential file (0600)')
    .action((name: string, options: OrgOptions & { out: string }) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        refuseExisting(options.out);
        const { agent: id } = await session.agent(org, name);
        const issued = await session.commands.call(registry.credentialIssue, { org, agent: id });
        writeCredential(session, options.out, issued.credential);
        const { clientId } = issued.credential;
        output.show({ agent: id, clientId, credential: options.out }, () => [
          `credential ${clientId} of ${name}; credential file ${options.out}`,
        ]);
      }),
    );
  credential
    .command('revoke <name> <client-id>')
    .description('end a credential and cut what is connected; its client id stands in the credential file')
    .option(...ORG)
    .action((name: string, clientId: string, options: OrgOptions) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const { agent: id } = await session.agent(org, name);
        await session.commands.call(registry.credentialRevoke, { org, agent: id, clientId });
        output.show({ agent: id, clientId }, () => [`credential ${clientId} of ${name} is revoked`]);
      }),
    );
}

type Credential = AnswerOf<typeof registry.credentialIssue>['credential'];

/** Before anything is made: who cannot write a credential file has lost the secret. */
function refuseExisting(path: string): void {
  if (existsSync(path)) throw new UsageError(`${path} is there already; name another file`);
}

function writeCredential({ natsUrls: nats }: Session, path: string, credential: Credential): void {
  writeFileSync(path, `${JSON.stringify({ nats, ...credential }, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
}

async function create({ session, output }: Tools, name: string, options: CreateOptions): Promise<void> {
  const { org } = await session.org(options.org);
  const surface = surfaceOf(options.surface);
  refuseExisting(options.out);
  const made = await session.commands.call(registry.agentCreate, { org, name, owner: options.owner, surface });
  writeCredential(session, options.out, made.credential);
  output.show({ agent: made.agent, credential: options.out }, () => [
    `agent ${name} (${made.agent}); credential file ${options.out}`,
  ]);
}

async function list({ session, output }: Tools, options: OrgOptions): Promise<void> {
  const { org } = await session.org(options.org);
  const agents = await session.agents(org);
  output.table(
    agents,
    ['NAME', 'STATUS', 'OWNER', 'CREDENTIALS', 'ID'],
    agents.map((a) => [
      ...[a.name, a.communication ? a.status : 'SILENCED', a.owner],
      ...[String(a.credentials.length), a.agent],
    ]),
  );
}

async function revoke({ session, output }: Tools, name: string, options: OrgOptions): Promise<void> {
  const { org } = await session.org(options.org);
  const { agent } = await session.agent(org, name);
  const revoked = await session.commands.call(registry.agentRevoke, { org, agent }, REVOKING);
  output.show(revoked, () => [
    `${name} is revoked; its connections are cut`,
    ...pendingLines(revoked),
    ...handedOverLines(revoked),
  ]);
}

function communication(parent: Command, verb: 'silence' | 'unsilence', description: string): void {
  parent
    .command(`${verb} <name>`)
    .description(description)
    .option(...ORG)
    .action((name: string, options: OrgOptions) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const { agent } = await session.agent(org, name);
        const enabled = verb === 'unsilence';
        const done = await session.commands.call(registry.agentCommunication, { org, agent, enabled }, REVOKING);
        output.show(done, () => [
          enabled ? `${name} may communicate again` : `${name} is silenced; its connections are cut`,
          ...pendingLines(done),
          ...(enabled ? [] : handedOverLines(done)),
        ]);
      }),
    );
}
