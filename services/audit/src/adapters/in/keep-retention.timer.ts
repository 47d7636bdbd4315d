import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock, Repeating } from '@countersign/primitives';
import { ServiceConfig } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import type { AuditConfig } from '../../audit.config.js';
import { Retention } from '../../application/ports.js';
import { epochOf, isPrunable, nextEpoch } from '../../domain/payload-epoch.js';

const DAY_MS = 86_400_000;

/** Once a day, and at start: drops payloads whose time is over, and makes room and keys for the month to come. Replicas may do it at once. */
@Injectable()
export class KeepRetention implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #keeping: Repeating;

  constructor(
    private readonly retention: Retention,
    private readonly clock: Clock,
    private readonly config: ServiceConfig,
    private readonly logger: Logger,
  ) {
    this.#keeping = new Repeating({
      everyMs: DAY_MS,
      work: (stopping) => this.keep(stopping),
      onError: (error) => logger.warn('payloads could not be kept to their time', { error }),
    });
  }

  onApplicationBootstrap(): void {
    void this.#keeping.now();
    this.#keeping.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#keeping.stop();
  }

  /** One pass. */
  async keep(stopping?: AbortSignal): Promise<void> {
    const { COUNTERSIGN_PAYLOAD_RETENTION_DAYS: days } = this.config.values as AuditConfig;
    const now = this.clock.now();
    for (const epoch of await this.retention.epochs())
      if (stopping?.aborted !== true && isPrunable(epoch, days, now)) {
        const count = await this.retention.prune(epoch, now);
        this.logger.info('payloads were dropped at the end of their time', { count, version: epoch });
      }
    await this.retention.prepare(nextEpoch(epochOf(now)));
  }
}
