import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Logger } from '@countersign/telemetry';
import { PostgresRates } from '../out/postgres-rates.js';

const EVERY_MS = 10 * 60_000;
const PAGE = 5_000;

/** Takes away tokens of attempts that can have no further round. */
@Injectable()
export class ForgetTokens implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly rates: PostgresRates,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(
      () =>
        void this.forget().catch((error: unknown) => this.logger.warn('old tokens could not be forgotten', { error })),
      EVERY_MS,
    ).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** One pass over all of them, in pages. */
  async forget(): Promise<void> {
    while ((await this.rates.forgetTokens(PAGE)) === PAGE);
  }
}
