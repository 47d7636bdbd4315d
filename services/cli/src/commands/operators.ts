import { existsSync } from 'node:fs';
import { toBase64Url } from '@countersign/primitives';
import { COMMANDS, ROLES, type OperatorRecord, type Role } from '@countersign/contracts';
import { SigningKey } from '@countersign/identity';
import type { Command } from 'commander';
import { writeOperatorFile } from '../operator-file.js';
import { run, type Options, type Tools } from '../run.js';
import { UsageError } from '../session.js';

const { registry } = COMMANDS;

interface OrgOptions extends Options {
  readonly org?: string;
}

const collected = (role: string, roles: readonly string[]): readonly string[] => [...roles, role];

/** `operator create|list|roles|disable`: people with keys of their own. */
export function operatorCommands(program: Command): void {
  const operator = program.command('operator').description('people with keys of their own');
  operator
    .command('create <name>')
    .description('add a person; the key is made here, and its private half is in the file alone')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .requiredOption('--role <role>', `one of ${roleNames()}; may be given again`, collected, [])
    .requiredOption('--out <file>', "where to write the person's file (0600)")
    .action((name: string, options: OrgOptions & { role: readonly string[]; out: string }) =>
      run(options, (tools) => create(tools, name, options)),
    );
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

async function create(
  { session, output }: Tools,
  name: string,
  options: { readonly org?: string; readonly role: readonly string[]; readonly out: string },
): Promise<void> {
  const { org, name: orgName } = await session.org(options.org);
  const roles = [...rolesOf(options.role)];
  // before anything is registered: a person whose file cannot be written has lost the key
  if (existsSync(options.out)) throw new UsageError(`${options.out} is there already; name another file`);
  const key = SigningKey.generate('operator');
  const publicKey = toBase64Url(key.publicKey);
  const made = await session.commands.call(registry.operatorCreate, { org, name, roles, publicKey });
  writeOperatorFile(options.out, { v: 1, org, orgName, ...made, name, privateKey: key.toPem() });
  output.show({ ...made, name, roles, file: options.out }, () => [
    `${name} (${roles.join(', ')}) of ${orgName}; commands with \`--as ${options.out}\` are theirs`,
  ]);
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

function rolesOf(texts: readonly string[]): readonly Role[] {
  return texts.map((text) => {
    const role = ROLES.find((known) => known === text.toUpperCase());
    if (role === undefined) throw new UsageError(`--role must be one of ${roleNames()}, not ${text}`);
    return role;
  });
}

function roleNames(): string {
  return ROLES.map((role) => role.toLowerCase()).join(', ');
}
