import type { Command } from 'commander';
import { decimalOfMicros, microsOfDecimal, parseMicros } from '@countersign/primitives';
import { COMMANDS, type PolicyScope } from '@countersign/contracts';
import { run, type Options, type Tools } from '../run.js';
import { UsageError } from '../session.js';
import { parseJson } from './registry.js';

const { policy, budget } = COMMANDS;

interface ScopeOptions extends Options {
  readonly org?: string;
  readonly agent?: string;
  readonly connection?: string;
}

async function scopeOf({ session }: Tools, options: ScopeOptions): Promise<PolicyScope> {
  const { org } = await session.org(options.org);
  if (options.agent !== undefined && options.connection !== undefined)
    throw new UsageError('give --agent or --connection, not both');
  if (options.agent !== undefined)
    return { kind: 'agent', org, agent: (await session.agent(org, options.agent)).agent };
  if (options.connection !== undefined)
    return { kind: 'connection', org, connection: (await session.connection(org, options.connection)).connection };
  return { kind: 'org', org };
}

const scoped = (command: Command): Command =>
  command
    .option('--org <org>', 'organisation by name; the newest when absent')
    .option('--agent <agent>', "an agent's own policy")
    .option('--connection <connection>', 'a connection, by id or as client->target');

/** `policy set|show`, `budget set|show`. */
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
  budgetCommands(program);
}

function budgetCommands(program: Command): void {
  const group = program.command('budget').description('caps and what was spent');
  scoped(
    group.command('set <amount>').description('set the monthly cap, such as 100 or 9.50; `none` takes it away'),
  ).action((amount: string, options: ScopeOptions) =>
    run(options, async (tools) => {
      const monthlyCapMicros = amount === 'none' ? null : amountOf(amount);
      const set = await tools.session.commands.call(policy.set, {
        scope: await scopeOf(tools, options),
        change: { monthlyCapMicros },
      });
      tools.output.show(set, () => [`the cap is ${amount}; policy version ${set.policyVersion}`]);
    }),
  );
  scoped(group.command('show').description('budgets of an organisation')).action((options: ScopeOptions) =>
    run(options, async (tools) => {
      const { org } = await tools.session.org(options.org);
      const { budgets } = await tools.session.commands.call(budget.show, { org });
      const money = (micros: string | null): string =>
        micros === null ? 'none' : decimalOfMicros(parseMicros(micros));
      tools.output.table(
        budgets,
        ['SCOPE', 'PERIOD', 'CAP', 'RESERVED', 'SPENT', 'ID'],
        budgets.map((b) => [
          b.scope.type,
          b.period,
          money(b.limitMicros),
          money(b.reservedMicros),
          money(b.spentMicros),
          b.scope.id,
        ]),
      );
    }),
  );
}

function amountOf(text: string): string {
  try {
    return microsOfDecimal(text).toString();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'not an amount');
  }
}
