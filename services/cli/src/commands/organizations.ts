import type { Command } from 'commander';
import { COMMANDS } from '@countersign/contracts';
import { run, type Options, type Tools } from '../run.js';
import { handedOverLines, pendingLines, REVOKING } from './revocation-lines.js';

const { registry, guardrails } = COMMANDS;

interface CreateOptions extends Options {
  readonly currency: string;
  readonly zone: string;
}

/** `org create|list|stop|resume`, and `installation stop|resume`. */
export function organizationCommands(program: Command): void {
  const org = program.command('org').description('organisations');
  org
    .command('create <name>')
    .description('make an organisation with the baseline guardrails')
    .option('--currency <code>', 'ISO 4217', 'USD')
    .option('--zone <zone>', 'IANA time zone', 'UTC')
    .action((name: string, options: CreateOptions) => run(options, (tools) => create(tools, name, options)));
  org
    .command('list')
    .description('all organisations')
    .action((options: Options) => run(options, list));
  killSwitch(org, 'stop', 'stop an organisation: nothing more is handed over for it when this returns');
  killSwitch(org, 'resume', 'lift the stop of an organisation');
  const installation = program.command('installation').description('everything at once');
  installationSwitch(
    installation,
    'stop',
    'stop everything: nothing more is handed over for anybody when this returns',
  );
  installationSwitch(installation, 'resume', 'lift the stop of everything; organisations that were stopped stay so');
}

async function create({ session, output }: Tools, name: string, { currency, zone }: CreateOptions): Promise<void> {
  const { org } = await session.commands.call(registry.orgCreate, { name, currency, zone });
  await session.commands.call(guardrails.setBaseline, { org });
  output.show({ org, name }, () => [`organisation ${name} (${org}), with the baseline guardrails`]);
}

async function list({ session, output }: Tools): Promise<void> {
  const { organizations } = await session.commands.call(registry.orgList, {});
  output.table(
    organizations,
    ['NAME', 'STATUS', 'CURRENCY', 'ZONE', 'ID'],
    organizations.map((o) => [o.name, o.killSwitch ? 'STOPPED' : o.status, o.currency, o.zone, o.org]),
  );
}

function killSwitch(org: Command, verb: 'stop' | 'resume', description: string): void {
  org
    .command(`${verb} <org>`)
    .description(description)
    .action((name: string, options: Options) =>
      run(options, async ({ session, output }) => {
        const { org: id, name: known } = await session.org(name);
        const done = await session.commands.call(
          registry.orgKillSwitch,
          { org: id, active: verb === 'stop' },
          REVOKING,
        );
        output.show(done, () => [
          verb === 'stop' ? `${known} is stopped` : `${known} runs again`,
          ...pendingLines(done),
          ...(verb === 'stop' ? handedOverLines(done) : []),
        ]);
      }),
    );
}

function installationSwitch(installation: Command, verb: 'stop' | 'resume', description: string): void {
  installation
    .command(verb)
    .description(description)
    .action((options: Options) =>
      run(options, async ({ session, output }) => {
        const done = await session.commands.call(registry.installKillSwitch, { active: verb === 'stop' }, REVOKING);
        output.show(done, () => [
          verb === 'stop' ? 'everything is stopped' : 'the installation runs again',
          ...pendingLines(done),
          ...(verb === 'stop' ? handedOverLines(done) : []),
        ]);
      }),
    );
}
