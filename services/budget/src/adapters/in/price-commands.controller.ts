import { Controller } from '@nestjs/common';
import { COMMANDS, type AnswerOf, type ParsedRequestOf, type PriceEntry } from '@countersign/contracts';
import { CommandRefused, OnCommand, type CommandContext } from '@countersign/bus';
import { priceProblem } from '../../domain/price-book.js';
import { PriceBookPublisher } from '../out/price-book.publisher.js';
import { PriceBookStore, PricesRefused } from '../out/price-book.store.js';

const { budget } = COMMANDS;

/** Commands on price books. */
@Controller()
export class PriceCommands {
  constructor(
    private readonly books: PriceBookStore,
    private readonly publisher: PriceBookPublisher,
  ) {}

  @OnCommand(budget.pricesPut)
  async pricesPut(
    { currency, entries }: ParsedRequestOf<typeof budget.pricesPut>,
    { actor }: CommandContext,
  ): Promise<AnswerOf<typeof budget.pricesPut>> {
    return this.#store(entries, () => this.books.put(currency, entries, `${actor.kind}:${actor.id}`));
  }

  @OnCommand(budget.pricesOverride)
  async pricesOverride(
    { org, entries }: ParsedRequestOf<typeof budget.pricesOverride>,
    { actor }: CommandContext,
  ): Promise<AnswerOf<typeof budget.pricesOverride>> {
    return this.#store(entries, () => this.books.override(org, entries, `${actor.kind}:${actor.id}`));
  }

  @OnCommand(budget.pricesShow)
  async pricesShow(): Promise<AnswerOf<typeof budget.pricesShow>> {
    const [book] = await this.books.all();
    return { book: book ?? null };
  }

  async #store(entries: readonly PriceEntry[], put: () => Promise<number>): Promise<{ version: number }> {
    const problem = priceProblem(entries);
    if (problem !== undefined) throw new CommandRefused('REQUEST_INVALID', problem.message, problem.field);
    const version = await put().catch((error: unknown) => {
      if (error instanceof PricesRefused) throw new CommandRefused('REQUEST_INVALID', error.message, 'entries');
      throw error;
    });
    await this.publisher.now().catch(() => undefined);
    return { version };
  }
}
