import { Controller } from '@nestjs/common';
import { Clock, parseMicros } from '@countersign/primitives';
import { COMMANDS, readModelKey, type AnswerOf, type BudgetState, type ParsedRequestOf } from '@countersign/contracts';
import { CommandRefused, OnCommand, type CommandContext } from '@countersign/bus';
import { ReadModels } from '@countersign/service-host';
import type { ScopeKey } from '../../domain/accounts.js';
import type { Ledger } from '../../domain/ledger.js';
import type { ScopeAct } from '../../domain/model.js';
import { BudgetReports, budgetStateOf } from '../out/budget.reports.js';
import { CalendarStore } from '../out/calendar.store.js';
import type { LedgerScope } from '../out/ledger-rows.js';
import { LedgerStore } from '../out/ledger.store.js';
import { BudgetScopes } from './budget-scopes.js';

const { budget } = COMMANDS;

type Request = ParsedRequestOf<typeof budget.reset>;
/** Changes one account; answers a refusal, or nothing when it was done. */
type Change = (ledger: Ledger, scope: ScopeKey, act: ScopeAct) => CommandRefused | undefined;

/** Commands by which an owner changes the period that runs. Each is done once, however often it is sent under its key. */
@Controller()
export class OwnerCommands {
  constructor(
    private readonly models: ReadModels,
    private readonly scopes: BudgetScopes,
    private readonly calendar: CalendarStore,
    private readonly ledger: LedgerStore,
    private readonly reports: BudgetReports,
    private readonly clock: Clock,
  ) {}

  @OnCommand(budget.topup)
  async topup(
    { micros, ...request }: ParsedRequestOf<typeof budget.topup>,
    context: CommandContext,
  ): Promise<AnswerOf<typeof budget.topup>> {
    return this.#change(request, context, (ledger, scope, act) =>
      ledger.topUp(scope, parseMicros(micros), act) === undefined
        ? new CommandRefused('REQUEST_INVALID', 'there is no cap here that could be topped up; set one first', 'scope')
        : undefined,
    );
  }

  @OnCommand(budget.reset)
  async reset(request: Request, context: CommandContext): Promise<AnswerOf<typeof budget.reset>> {
    return this.#change(request, context, (ledger, scope, act) =>
      ledger.reset(scope, act) === undefined
        ? new CommandRefused(
            'FOUR_EYES_REQUIRED',
            `this budget was reset in ${scope.period} already; a second person has to confirm another reset, which is not possible yet: top it up or raise the cap`,
          )
        : undefined,
    );
  }

  async #change(
    { org, scope, reason }: Request,
    { actor, idempotencyKey }: CommandContext,
    change: Change,
  ): Promise<{ budget: BudgetState }> {
    const account = await this.#account(org, scope);
    const act: ScopeAct = { actor: `${actor.kind}:${actor.id}`, reason, command: idempotencyKey };
    const refusal = await this.ledger.runOnce(
      { attempts: [], accounts: [account] },
      { org, id: idempotencyKey },
      (ledger) => change(ledger, account.key, act),
    );
    if (refusal !== undefined) throw refusal;
    const rows = await this.reports.budgets(org, scope);
    const row = rows.find(({ period }) => period === account.key.period);
    if (row === undefined) throw new Error('a budget that was changed is not there');
    return { budget: budgetStateOf(row) };
  }

  /** The account of the period that runs, with the caps of now. */
  async #account(org: string, wanted: Request['scope']): Promise<LedgerScope['accounts'][number]> {
    const record = this.models.registry.get(readModelKey.org(org));
    const found = this.scopes.find(org, wanted);
    if (record?.kind !== 'org' || found === undefined)
      throw new CommandRefused('NOT_FOUND', `the organisation has no ${wanted.type} ${wanted.id}`, 'scope.id');
    const period = (await this.calendar.periods([record], this.clock.now())).get(org);
    if (period === undefined) throw new Error('a period did not begin');
    return { key: { org, type: found.type, id: found.id, period: period.key }, caps: found.caps };
  }
}
