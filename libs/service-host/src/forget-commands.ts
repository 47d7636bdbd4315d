import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Repeating } from '@countersign/primitives';
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
  readonly #forgetting: Repeating;

  constructor(
    private readonly log: CommandLog,
    logger: Logger,
  ) {
    this.#forgetting = new Repeating({
      everyMs: EVERY_MS,
      work: (stopping) => this.#forget(stopping),
      onError: (error) => logger.warn('old commands could not be forgotten', { error }),
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
    while (!stopping.aborted && (await this.log.forget(PAGE)) === PAGE);
  }
}
