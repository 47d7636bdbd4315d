import { Controller } from '@nestjs/common';
import { COMMANDS, type AnswerOf, type ParsedRequestOf } from '@countersign/contracts';
import { OnCommand } from '@countersign/bus';
import { BudgetReports, budgetStateOf } from '../out/budget.reports.js';

const { budget } = COMMANDS;

/** Commands that read budgets. Caps are fields of policies. */
@Controller()
export class BudgetCommands {
  constructor(private readonly reports: BudgetReports) {}

  @OnCommand(budget.show)
  async show({ org, scope }: ParsedRequestOf<typeof budget.show>): Promise<AnswerOf<typeof budget.show>> {
    return { budgets: (await this.reports.budgets(org, scope)).map(budgetStateOf) };
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
