import { Controller } from '@nestjs/common';
import { COMMANDS, type AnswerOf, type ParsedRequestOf } from '@countersign/contracts';
import { CommandRefused, OnCommand, type CommandContext } from '@countersign/bus';
import { BudgetReports } from '../out/budget.reports.js';
import { PriceBookPublisher } from '../out/price-book.publisher.js';
import { PriceBookStore } from '../out/price-book.store.js';

const { budget } = COMMANDS;

/** Commands on budgets and price books. Caps are fields of policies. */
@Controller()
export class BudgetCommands {
  constructor(
    private readonly reports: BudgetReports,
    private readonly books: PriceBookStore,
    private readonly publisher: PriceBookPublisher,
  ) {}

  @OnCommand(budget.show)
  async show({ org, scope }: ParsedRequestOf<typeof budget.show>): Promise<AnswerOf<typeof budget.show>> {
    const rows = await this.reports.budgets(org, scope);
    return {
      budgets: rows.map((row) => ({
        scope: { type: row.scope_type, id: row.scope_id },
        period: row.period,
        limitMicros: row.limit_micros?.toString() ?? null,
        reservedMicros: row.reserved_micros.toString(),
        spentMicros: row.spent_micros.toString(),
      })),
    };
  }

  @OnCommand(budget.pricesPut)
  async pricesPut(
    { currency, entries }: ParsedRequestOf<typeof budget.pricesPut>,
    { actor }: CommandContext,
  ): Promise<AnswerOf<typeof budget.pricesPut>> {
    const unnamed = entries.findIndex((entry) => (entry.kind === 'request') !== (entry.name === undefined));
    if (unnamed >= 0)
      throw new CommandRefused(
        'REQUEST_INVALID',
        'a model or tool needs a name, a request has none',
        `entries.${unnamed}.name`,
      );
    const version = await this.books.put(currency, entries, `${actor.kind}:${actor.id}`);
    await this.publisher.now().catch(() => undefined);
    return { version };
  }

  @OnCommand(budget.pricesShow)
  async pricesShow(): Promise<AnswerOf<typeof budget.pricesShow>> {
    const [book] = await this.books.all();
    return { book: book ?? null };
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
      reservedMicros: hold.amount_micros.toString(),
      state: hold.state,
      settledMicros: hold.settled_micros?.toString() ?? null,
      source: hold.source,
    }));
    return { found: holds.length > 0, part: { attempts } };
  }
}
