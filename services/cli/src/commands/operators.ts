import { COMMANDS, type OperatorRecord } from '@countersign/contracts';
import type { Command } from 'commander';
import { run, type Options, type Tools } from '../run.js';
import { UsageError } from '../usage-error.js';
import { newPeopleCommands } from './new-people.js';
import { collected, roleNames, rolesOf } from './role-options.js';

const { registry } = COMMANDS;

interface OrgOptions extends Options {
  readonly org?: string;
}

/** `operator key|create|join|list|roles|disable`: people with keys of their own. */
export function operatorCommands(program: Command): void {
  const operator = program.command('operator').description('people with keys of their own');
  newPeopleCommands(operator);
  operator
    .command('list')
    .description('people of an organisation')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .action((options: OrgOptions) => run(options, (tools) => list(tools, options)));
  operator
    .command('roles <name>')
    .description('give a person other roles')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .requiredOption('--role <role>', `one of ${roleNames()}; may be given again`, collected, [])
    .action((name: string, options: OrgOptions & { role: readonly string[] }) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const { operator: id } = await personOf(session, org, name);
        await session.commands.call(registry.operatorRoles, { org, operator: id, roles: [...rolesOf(options.role)] });
        output.show({ operator: id, roles: options.role }, () => [`${name} is ${options.role.join(', ')} now`]);
      }),
    );
  operator
    .command('disable <name>')
    .description('end what a person may do, for good')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .option('--for-cause', 'what the person approved and is not released yet counts no more')
    .action((name: string, options: OrgOptions & { forCause?: boolean }) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const { operator: id } = await personOf(session, org, name);
        const forCause = options.forCause ?? false;
        await session.commands.call(registry.operatorDisable, { org, operator: id, forCause });
        output.show({ operator: id, forCause }, () => [`${name} is disabled${forCause ? ' for cause' : ''}`]);
      }),
    );
}

async function list({ session, output }: Tools, options: { readonly org?: string }): Promise<void> {
  const { org } = await session.org(options.org);
  const { operators } = await session.commands.call(registry.operatorList, { org });
  output.table(
    operators,
    ['NAME', 'ROLES', 'STATUS', 'KEY', 'ID'],
    operators.map((o) => [o.name, o.roles.join(','), o.forCause ? 'DISABLED FOR CAUSE' : o.status, o.kid, o.operator]),
  );
}

async function personOf(session: Tools['session'], org: string, name: string): Promise<OperatorRecord> {
  const { operators } = await session.commands.call(registry.operatorList, { org });
  const found = operators.find((o) => o.name === name || o.operator === name);
  if (found !== undefined) return found;
  throw new UsageError(`there is no person ${name} (there are: ${operators.map((o) => o.name).join(', ') || 'none'})`);
}
