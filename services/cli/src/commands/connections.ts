import type { Command } from 'commander';
import { COMMANDS, type AgentRef } from '@countersign/contracts';
import { run } from '../run.js';
import type { Session } from '../session.js';
import { UsageError } from '../usage-error.js';
import { handedOverLines, pendingLines, REVOKING } from './revocation-lines.js';
import { ORG, type OrgOptions } from './org-option.js';

const { registry } = COMMANDS;

interface ConnectOptions extends OrgOptions {
  readonly sandbox?: boolean;
  readonly approvals: string;
}

/** `connect`, and `connection list|suspend|resume|disconnect|confirm`. */
export function connectionCommands(program: Command): void {
  program
    .command('connect <client> <target>')
    .description(
      'let one agent send tasks to another, of another organisation as <org>/<agent>; nothing is allowed before a policy is set',
    )
    .option(...ORG)
    .option('--sandbox', 'record no observations for trust')
    .option('--approvals <n>', 'how many people have to approve what is held, at least: 1 or 2', '1')
    .action((client: string, target: string, options: ConnectOptions) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const [from, to] = [await session.agent(org, client), await targetOf(session, org, target)];
        const made = await session.commands.call(registry.connectionCreate, {
          client: { org, agent: from.agent },
          target: { org: to.org, agent: to.agent },
          sandbox: options.sandbox ?? false,
          requiredApprovals: approvalsOf(options.approvals),
        });
        const consent = `it waits for the other organisation: cs connection confirm ${made.connection} --org <theirs>`;
        output.show(made, () => [`${client} -> ${target} (${made.connection})`, ...(to.org === org ? [] : [consent])]);
      }),
    );
  const connection = program.command('connection').description('who may send tasks to whom');
  list(connection);
  stopping(connection, 'suspend', 'nothing more is handed over on a connection until it is resumed');
  stopping(connection, 'disconnect', 'end a connection for good');
  resume(connection);
  confirm(connection);
}

function list(connection: Command): void {
  connection
    .command('list')
    .description('connections whose client is of an organisation')
    .option(...ORG)
    .action((options: OrgOptions) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const { connections } = await session.commands.call(registry.connectionList, { org });
        const names = await session.names(org);
        output.table(
          connections,
          ['CONNECTION', 'STATUS', 'APPROVALS', 'SANDBOX', 'ID'],
          connections.map((c) => [
            ...[names.get(c.connection) ?? c.connection, c.status, String(c.requiredApprovals)],
            ...[c.sandbox ? 'yes' : 'no', c.connection],
          ]),
        );
      }),
    );
}

function resume(connection: Command): void {
  connection
    .command('resume <connection>')
    .description('let a suspended connection go on')
    .option(...ORG)
    .action((text: string, options: OrgOptions) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const { connection: id } = await session.connection(org, text);
        await session.commands.call(registry.connectionResume, { org, connection: id });
        output.show({ connection: id }, () => [`${text} goes on`]);
      }),
    );
}

function confirm(connection: Command): void {
  connection
    .command('confirm <connection>')
    .description(
      "consent, as the target's organisation, to a connection across organisations; `cs share list` names what waits",
    )
    .option(...ORG)
    .action((id: string, options: OrgOptions) =>
      run(options, async ({ session, output }) => {
        const { org, name } = await session.org(options.org);
        await session.commands.call(registry.connectionConfirm, { org, connection: id });
        output.show({ connection: id }, () => [`${name} consents to ${id}`]);
      }),
    );
}

function stopping(connection: Command, verb: 'suspend' | 'disconnect', description: string): void {
  const command = verb === 'suspend' ? registry.connectionSuspend : registry.connectionDisconnect;
  connection
    .command(`${verb} <connection>`)
    .description(`${description}; a connection is <client>-><target>, or its id`)
    .option(...ORG)
    .action((text: string, options: OrgOptions) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const { connection: id } = await session.connection(org, text);
        const done = await session.commands.call(command, { org, connection: id }, REVOKING);
        output.show(done, () => [
          `${text} is ${verb === 'suspend' ? 'suspended' : 'disconnected'}`,
          ...pendingLines(done),
          ...handedOverLines(done),
        ]);
      }),
    );
}

/** An agent of the same organisation by name or id, or one of another as `<org>/<agent>`. */
async function targetOf(session: Session, org: string, text: string): Promise<AgentRef> {
  const [first = '', second] = text.split('/');
  if (second === undefined) return session.agent(org, text);
  const other = await session.org(first);
  return session.agent(other.org, second);
}

function approvalsOf(text: string): 1 | 2 {
  if (text === '1') return 1;
  if (text === '2') return 2;
  throw new UsageError(`--approvals must be 1 or 2, not ${text}`);
}
