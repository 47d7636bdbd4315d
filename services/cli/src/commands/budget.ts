import type { Command } from 'commander';
import { decimalOfMicros, microsOfDecimal, parseMicros } from '@countersign/primitives';
import {
  COMMANDS,
  type BudgetEventRecord,
  type BudgetScope,
  type BudgetState,
  type PolicyScope,
} from '@countersign/contracts';
import { run, type Options, type Tools } from '../run.js';
import { UsageError } from '../session.js';
import { scoped, scopeOf, type ScopeOptions } from './policy.js';
import { priceCommands } from './prices.js';

const { policy, budget } = COMMANDS;

type Because = ScopeOptions & { readonly reason: string };
type OfOrg = Options & { readonly org?: string };

/** `budget set|show|topup|reset|events|check|prices`. */
export function budgetCommands(program: Command): void {
  const group = program.command('budget').description('caps, what was spent, and prices');
  setCommand(group);
  showCommand(group);
  changeCommands(group);
  eventsCommand(group);
  checkCommand(group);
  priceCommands(group);
}

function setCommand(group: Command): void {
  scoped(
    group.command('set <amount>').description('set the monthly cap, such as 100 or 9.50; `none` takes it away'),
  ).action((amount: string, options: ScopeOptions) =>
    run(options, async (tools) => {
      const monthlyCapMicros = amount === 'none' ? null : microsOf(amount);
      const scope = await scopeOf(tools, options);
      const set = await tools.session.commands.call(policy.set, { scope, change: { monthlyCapMicros } });
      tools.output.show(set, () => [`the cap is ${amount}; policy version ${set.policyVersion}`]);
    }),
  );
}

function showCommand(group: Command): void {
  scoped(group.command('show').description('budgets of an organisation, or one of them')).action(
    (options: ScopeOptions) =>
      run(options, async (tools) => {
        const scope = await scopeOf(tools, options);
        const one = scope.kind === 'org' ? {} : { scope: budgetOf(scope) };
        const { budgets } = await tools.session.commands.call(budget.show, { org: scope.org, ...one });
        tools.output.table(budgets, BUDGET_HEADER, await rowsOf(tools, scope.org, budgets));
      }),
  );
}

function changeCommands(group: Command): void {
  scoped(group.command('topup <amount>').description('add to the cap in the month that runs, in no other'))
    .requiredOption('--reason <reason>', 'why, for the ledger')
    .action((amount: string, options: Because) =>
      run(options, async (tools) => {
        const scope = await scopeOf(tools, options);
        const request = { org: scope.org, scope: budgetOf(scope), micros: microsOf(amount), reason: options.reason };
        const { budget: state } = await tools.session.commands.call(budget.topup, request);
        tools.output.table(state, BUDGET_HEADER, await rowsOf(tools, scope.org, [state]));
      }),
    );
  scoped(group.command('reset').description('let the month that runs begin anew; once a month'))
    .requiredOption('--reason <reason>', 'why, for the ledger')
    .action((options: Because) =>
      run(options, async (tools) => {
        const scope = await scopeOf(tools, options);
        const request = { org: scope.org, scope: budgetOf(scope), reason: options.reason };
        const { budget: state } = await tools.session.commands.call(budget.reset, request);
        tools.output.table(state, BUDGET_HEADER, await rowsOf(tools, scope.org, [state]));
      }),
    );
}

function eventsCommand(group: Command): void {
  group
    .command('events')
    .description('thresholds that were reached and costs above their hold, newest last')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .action((options: OfOrg) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const { events } = await session.commands.call(budget.events, { org });
        output.table(events, ['AT', 'SEVERITY', 'WHAT', 'AMOUNT', 'ID'], events.map(eventRow));
      }),
    );
}

function checkCommand(group: Command): void {
  group
    .command('check')
    .description('compare budgets, reservations and ledger')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .action((options: OfOrg) =>
      run(options, async ({ session, output }) => {
        const { org, name } = await session.org(options.org);
        const found = await session.commands.call(budget.check, { org });
        output.show(found, () => (found.balanced ? [`the books of ${name} balance`] : found.differences));
        return found.balanced ? 0 : 1;
      }),
    );
}

const BUDGET_HEADER = ['SCOPE', 'PERIOD', 'CAP', 'TOP-UP', 'RESERVED', 'SPENT', 'LEFT', 'OF'];

async function rowsOf(
  { session, output }: Tools,
  org: string,
  states: readonly BudgetState[],
): Promise<readonly (readonly string[])[]> {
  const names = output.json ? new Map<string, string>() : await session.names(org);
  return states.map((state) => budgetRow(state, names));
}

/** One budget for people; whose it is by name, where there is one. */
export function budgetRow(state: BudgetState, names: ReadonlyMap<string, string>): readonly string[] {
  const micros = (text: string): bigint => parseMicros(text);
  const counted = micros(state.reservedMicros) + micros(state.spentMicros) - micros(state.resetBaseMicros);
  const ceiling = state.limitMicros === null ? undefined : micros(state.limitMicros) + micros(state.topupMicros);
  return [
    state.scope.type,
    state.period,
    state.limitMicros === null ? 'none' : money(state.limitMicros),
    money(state.topupMicros),
    money(state.reservedMicros),
    money(state.spentMicros),
    ceiling === undefined ? 'any' : decimalOfMicros(ceiling > counted ? ceiling - counted : 0n),
    names.get(state.scope.id) ?? state.scope.id,
  ];
}

function eventRow(event: BudgetEventRecord): readonly string[] {
  const what =
    event.kind === 'BUDGET_THRESHOLD'
      ? `${event.scope?.type ?? ''} reached ${event.percent ?? ''} % in ${event.period}`
      : 'cost more than was held';
  return [event.at, event.severity, what, money(event.micros), event.scope?.id ?? event.task ?? ''];
}

function money(micros: string): string {
  return decimalOfMicros(parseMicros(micros));
}

function budgetOf(scope: PolicyScope): BudgetScope {
  switch (scope.kind) {
    case 'org':
      return { type: 'ORG', id: scope.org };
    case 'agent':
      return { type: 'AGENT', id: scope.agent };
    case 'connection':
      return { type: 'CONNECTION', id: scope.connection };
  }
}

function microsOf(text: string): string {
  try {
    return microsOfDecimal(text).toString();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'not an amount');
  }
}
