import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CommandLog } from '@countersign/store';
import { Logger } from '@countersign/telemetry';

const EVERY_MS = 3_600_000;
const PAGE = 1_000;

/**
 * Keeps the log of commands to its time. Not at start but an hour later: replicas of a release that refuses no old keys may run beside this one while it rolls, and to them nothing
 * is forgotten.
 */
@Injectable()
export class ForgetCommands implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly log: CommandLog,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(
      () =>
        void this.forget().catch((error: unknown) =>
          this.logger.warn('old commands could not be forgotten', { error }),
        ),
      EVERY_MS,
    ).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** One pass over all of them, in pages. */
  async forget(): Promise<void> {
    while ((await this.log.forget(PAGE)) === PAGE);
  }
}
