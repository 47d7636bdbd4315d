import { Controller } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { COMMANDS, readModelKey, type AnswerOf, type ParsedRequestOf } from '@countersign/contracts';
import { OnCommand } from '@countersign/bus';
import { ReadModels } from '@countersign/service-host';
import { BudgetReports, budgetStateOf } from '../out/budget.reports.js';
import { CalendarStore } from '../out/calendar.store.js';
import { BudgetScopes, type CappedScope } from './budget-scopes.js';
import { budgetsNow } from './budgets-now.js';

const { budget } = COMMANDS;

/** Commands that read budgets. Caps are fields of policies. */
@Controller()
export class BudgetCommands {
  constructor(
    private readonly reports: BudgetReports,
    private readonly models: ReadModels,
    private readonly scopes: BudgetScopes,
    private readonly calendar: CalendarStore,
    private readonly clock: Clock,
  ) {}

  @OnCommand(budget.show)
  async show({ org, scope }: ParsedRequestOf<typeof budget.show>): Promise<AnswerOf<typeof budget.show>> {
    const rows = (await this.reports.budgets(org, scope)).map(budgetStateOf);
    const record = this.models.registry.get(readModelKey.org(org));
    if (record?.kind !== 'org') return { budgets: rows };
    const { key } = await this.calendar.look(record, this.clock.now());
    return { budgets: [...budgetsNow(rows, this.#asked(org, scope), key)] };
  }

  #asked(org: string, scope: ParsedRequestOf<typeof budget.show>['scope']): readonly CappedScope[] {
    if (scope === undefined) return this.scopes.ofOrg(org);
    const found = this.scopes.find(org, scope);
    return found === undefined ? [] : [found];
  }

  @OnCommand(budget.events)
  async events({ org, limit, after }: ParsedRequestOf<typeof budget.events>): Promise<AnswerOf<typeof budget.events>> {
    return { events: [...(await this.reports.events(org, limit, after))] };
  }

  @OnCommand(budget.check)
  async check({ org }: ParsedRequestOf<typeof budget.check>): Promise<AnswerOf<typeof budget.check>> {
    const differences = await this.reports.differences(org);
    return { balanced: differences.length === 0, differences: [...differences] };
  }

  @OnCommand(budget.explain)
  async explain({ task }: ParsedRequestOf<typeof budget.explain>): Promise<AnswerOf<typeof budget.explain>> {
    const holds = await this.reports.holds(task);
    const attempts = holds.map((hold) => ({
      attempt: hold.attempt,
      period: hold.period,
      reservedMicros: hold.amount_micros.toString(),
      priceBookVersion: hold.price_book_version === null ? null : Number(hold.price_book_version),
      state: hold.state,
      settledMicros: hold.settled_micros?.toString() ?? null,
      correctedMicros: hold.corrected_micros.toString(),
      source: hold.source,
    }));
    return { found: holds.length > 0, part: { attempts } };
  }
}
