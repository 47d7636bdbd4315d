import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { ServiceConfig } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import type { AuditConfig } from '../../audit.config.js';
import { Retention } from '../../application/ports.js';
import { epochOf, isPrunable, nextEpoch } from '../../domain/payload-epoch.js';

const DAY_MS = 86_400_000;

/** Once a day, and at start: drops payloads whose time is over, and makes room and keys for the month to come. Replicas may do it at once. */
@Injectable()
export class KeepRetention implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly retention: Retention,
    private readonly clock: Clock,
    private readonly config: ServiceConfig,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    void this.#run();
    this.#timer = setInterval(() => void this.#run(), DAY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  async #run(): Promise<void> {
    try {
      await this.keep();
    } catch (error) {
      this.logger.warn('payloads could not be kept to their time', { error });
    }
  }

  /** One pass. */
  async keep(): Promise<void> {
    const { COUNTERSIGN_PAYLOAD_RETENTION_DAYS: days } = this.config.values as AuditConfig;
    const now = this.clock.now();
    for (const epoch of await this.retention.epochs())
      if (isPrunable(epoch, days, now)) {
        const count = await this.retention.prune(epoch, now);
        this.logger.info('payloads were dropped at the end of their time', { count, version: epoch });
      }
    await this.retention.prepare(nextEpoch(epochOf(now)));
  }
}
