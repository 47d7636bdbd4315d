import type { Command } from 'commander';
import { COMMANDS, type PolicyScope } from '@countersign/contracts';
import { run, type Options, type Tools } from '../run.js';
import { UsageError } from '../session.js';
import { parseJson } from './registry.js';

const { policy } = COMMANDS;

/** Options that name a scope. */
export interface ScopeOptions extends Options {
  readonly org?: string;
  readonly agent?: string;
  readonly connection?: string;
}

/** The scope that options name: an agent, a connection, else the organisation. */
export async function scopeOf({ session }: Tools, options: ScopeOptions): Promise<PolicyScope> {
  const { org } = await session.org(options.org);
  if (options.agent !== undefined && options.connection !== undefined)
    throw new UsageError('give --agent or --connection, not both');
  if (options.agent !== undefined)
    return { kind: 'agent', org, agent: (await session.agent(org, options.agent)).agent };
  if (options.connection !== undefined)
    return { kind: 'connection', org, connection: (await session.connection(org, options.connection)).connection };
  return { kind: 'org', org };
}

/** Adds the options that name a scope. */
export const scoped = (command: Command): Command =>
  command
    .option('--org <org>', 'organisation by name; the newest when absent')
    .option('--agent <agent>', "an agent's own policy")
    .option('--connection <connection>', 'a connection, by id or as client->target');

/** `policy set|show`. */
export function policyCommands(program: Command): void {
  const group = program.command('policy').description('what organisations, agents and connections allow');
  scoped(
    group.command('set <fields>').description('change fields of a policy, as JSON; what is not named stays'),
  ).action((fields: string, options: ScopeOptions) =>
    run(options, async (tools) => {
      const change = parseJson(fields, '<fields>');
      const set = await tools.session.commands.call(policy.set, { scope: await scopeOf(tools, options), change });
      tools.output.show(set, () => [`version ${set.policyVersion} is in force`]);
    }),
  );
  scoped(group.command('show').description('the policy in force')).action((options: ScopeOptions) =>
    run(options, async (tools) => {
      const { policy: record } = await tools.session.commands.call(policy.show, {
        scope: await scopeOf(tools, options),
      });
      tools.output.show(record, () =>
        record === null
          ? ['no policy is set here']
          : [`version ${record.policyVersion} of ${record.at}`, JSON.stringify(record.document, null, 2)],
      );
    }),
  );
}
