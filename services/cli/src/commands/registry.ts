import { existsSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { COMMANDS, NEUTRAL_SURFACE, surfaceSchema, type AnswerOf, type Surface } from '@countersign/contracts';
import { tableLines } from '../output.js';
import { run, type Options } from '../run.js';
import { UsageError } from '../session.js';

const { registry, guardrails } = COMMANDS;

interface ConnectOptions extends Options {
  readonly org?: string;
  readonly sandbox?: boolean;
  readonly approvals: string;
}

function approvalsOf(text: string): 1 | 2 {
  if (text === '1') return 1;
  if (text === '2') return 2;
  throw new UsageError(`--approvals must be 1 or 2, not ${text}`);
}

/** `org`, `agent`, `connect`. */
export function registryCommands(program: Command): void {
  const org = program.command('org').description('organisations');
  org
    .command('create <name>')
    .description('make an organisation with the baseline guardrails')
    .option('--currency <code>', 'ISO 4217', 'USD')
    .option('--zone <zone>', 'IANA time zone', 'UTC')
    .action((name: string, options: Options & { currency: string; zone: string }) =>
      run(options, async ({ session, output }) => {
        const { org: id } = await session.commands.call(registry.orgCreate, {
          name,
          currency: options.currency,
          zone: options.zone,
        });
        await session.commands.call(guardrails.setBaseline, { org: id });
        output.show({ org: id, name }, () => [`organisation ${name} (${id}), with the baseline guardrails`]);
      }),
    );
  org
    .command('list')
    .description('all organisations')
    .action((options: Options) =>
      run(options, async ({ session, output }) => {
        const { organizations } = await session.commands.call(registry.orgList, {});
        output.table(
          organizations,
          ['NAME', 'STATUS', 'CURRENCY', 'ZONE', 'ID'],
          organizations.map((o) => [o.name, o.killSwitch ? 'STOPPED' : o.status, o.currency, o.zone, o.org]),
        );
      }),
    );
  orgSwitch(org, 'stop', 'stop an organisation: nothing more is handed over for it when this returns');
  orgSwitch(org, 'resume', 'lift the stop of an organisation');
  agentCommands(program.command('agent').description('agents'));
  connectCommand(program);
}

function connectCommand(program: Command): void {
  program
    .command('connect <client> <target>')
    .description('let one agent send tasks to another; nothing is allowed before a policy is set')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .option('--sandbox', 'record no observations for trust')
    .option('--approvals <n>', 'how many people have to approve what is held, at least: 1 or 2', '1')
    .action((client: string, target: string, options: ConnectOptions) =>
      run(options, async ({ session, output }) => {
        const { org: id } = await session.org(options.org);
        const [from, to] = [await session.agent(id, client), await session.agent(id, target)];
        const made = await session.commands.call(registry.connectionCreate, {
          client: { org: id, agent: from.agent },
          target: { org: id, agent: to.agent },
          sandbox: options.sandbox ?? false,
          requiredApprovals: approvalsOf(options.approvals),
        });
        output.show(made, () => [`${from.name} -> ${to.name} (${made.connection})`]);
      }),
    );
}

/** The kill switch of an organisation. */
function orgSwitch(org: Command, verb: 'stop' | 'resume', description: string): void {
  org
    .command(`${verb} <org>`)
    .description(description)
    .action((name: string, options: Options) =>
      run(options, async ({ session, output }) => {
        const { org: id, name: known } = await session.org(name);
        const done = await session.commands.call(
          registry.orgKillSwitch,
          { org: id, active: verb === 'stop' },
          { timeoutMs: 15_000 },
        );
        output.show(done, () => [
          verb === 'stop' ? `${known} is stopped` : `${known} runs again`,
          ...pendingLines(done),
          ...(verb === 'stop' ? handedOverLines(done) : []),
        ]);
      }),
    );
}

type Revoked = AnswerOf<typeof registry.agentRevoke>;

function pendingLines({ pending }: Revoked): readonly string[] {
  return pending ? ['the dispatcher has not confirmed yet: repeated until it does, read models deny meanwhile'] : [];
}

function handedOverLines({ handedOver }: Revoked): readonly string[] {
  return handedOver.length === 0
    ? ['nothing was handed over before']
    : tableLines(
        ['HANDED OVER BEFORE'],
        handedOver.map((t) => [t.task]),
      );
}

function agentCommands(agent: Command): void {
  agentCreate(agent);
  agentList(agent);
  agentRevoke(agent);
}

function agentCreate(agent: Command): void {
  agent
    .command('create <name>')
    .description('register an agent; its secret is shown once, in the credential file')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .option('--owner <principal>', 'who registers it', 'operator:local')
    .option('--surface <json>', 'fields of the capability surface that differ from neutral, as JSON', '{}')
    .requiredOption('--out <file>', 'where to write the credential file (0600)')
    .action((name: string, options: Options & { org?: string; owner: string; surface: string; out: string }) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const surface = surfaceOf(options.surface);
        // before anything is registered: an agent whose file cannot be written has lost its secret
        if (existsSync(options.out)) throw new UsageError(`${options.out} is there already; name another file`);
        const made = await session.commands.call(registry.agentCreate, { org, name, owner: options.owner, surface });
        writeFileSync(options.out, `${JSON.stringify({ nats: session.natsUrls, ...made.credential }, null, 2)}\n`, {
          mode: 0o600,
          flag: 'wx',
        });
        output.show({ agent: made.agent, credential: options.out }, () => [
          `agent ${name} (${made.agent}); credential file ${options.out}`,
        ]);
      }),
    );
}

function agentList(agent: Command): void {
  agent
    .command('list')
    .description('agents of an organisation')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .action((options: Options & { org?: string }) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const agents = await session.agents(org);
        output.table(
          agents,
          ['NAME', 'STATUS', 'OWNER', 'CREDENTIALS', 'ID'],
          agents.map((a) => [
            a.name,
            a.communication ? a.status : 'SILENCED',
            a.owner,
            String(a.credentials.length),
            a.agent,
          ]),
        );
      }),
    );
}

function agentRevoke(agent: Command): void {
  agent
    .command('revoke <name>')
    .description('revoke an agent: nothing more is handed over for it when this returns')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .action((name: string, options: Options & { org?: string }) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const record = await session.agent(org, name);
        const revoked = await session.commands.call(
          registry.agentRevoke,
          { org, agent: record.agent },
          { timeoutMs: 15_000 },
        );
        output.show(revoked, () => [
          `${name} is revoked; its connections are cut`,
          ...pendingLines(revoked),
          ...handedOverLines(revoked),
        ]);
      }),
    );
}

/** The capability surface that somebody typed: neutral but for the fields that are named. */
export function surfaceOf(text: string): Surface {
  const surface = surfaceSchema.safeParse({ ...NEUTRAL_SURFACE, ...parseJson(text, '--surface') });
  if (surface.success) return surface.data;
  const [issue] = surface.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw new UsageError(
    `--surface${field === '' ? '' : ` ${field}`}: ${issue?.message ?? 'not valid'} (there are: ${Object.keys(NEUTRAL_SURFACE).join(', ')})`,
  );
}

/** Parses JSON that somebody typed. */
export function parseJson(text: string, option: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // told below
  }
  throw new UsageError(`${option} must be a JSON object such as {"taskTypes":["code_review"]}`);
}
