import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Repeating } from '@countersign/primitives';
import { Logger } from '@countersign/telemetry';
import { PostgresRates } from '../out/postgres-rates.js';

const EVERY_MS = 10 * 60_000;
const PAGE = 5_000;

/** Takes away tokens of attempts that can have no further round. */
@Injectable()
export class ForgetTokens implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #forgetting: Repeating;

  constructor(
    private readonly rates: PostgresRates,
    logger: Logger,
  ) {
    this.#forgetting = new Repeating({
      everyMs: EVERY_MS,
      work: (stopping) => this.#forget(stopping),
      onError: (error) => logger.warn('old tokens could not be forgotten', { error }),
    });
  }

  onApplicationBootstrap(): void {
    this.#forgetting.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#forgetting.stop();
  }

  /** One pass over all of them, in pages. */
  async #forget(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted && (await this.rates.forgetTokens(PAGE)) === PAGE);
  }
}
