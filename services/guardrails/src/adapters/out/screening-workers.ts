import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ServiceConfig } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import type { GuardrailsConfig } from '../../guardrails.config.js';
import { BodyScreener } from '../../application/ports.js';
import type { ScreeningAnswer, ScreeningJob } from '../../domain/screening/screening-job.js';
import { ScreeningPool } from './screening-pool.js';

const NOTHING: ScreeningJob = {
  facts: { stage: 'INPUT', now: 0, idempotent: false, retriesUsed: 0 },
  guardrails: [],
  body: new Uint8Array(),
  scope: { token: '', span: '' },
  canaries: {},
  failed: {},
};

/** The pool of worker threads over the life of the process. */
@Injectable()
export class ScreeningWorkers extends BodyScreener implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #pool: ScreeningPool;
  readonly #size: number;

  constructor(config: ServiceConfig, logger: Logger) {
    super();
    const { COUNTERSIGN_SEAL_KEY_FILE: key, COUNTERSIGN_SCREENING_WORKERS: size } = config.values as GuardrailsConfig;
    this.#size = size;
    this.#pool = new ScreeningPool({
      script: new URL('./screening.worker.js', import.meta.url),
      key,
      size,
      onLoss: ({ cause }) => logger.warn('a screening worker was replaced', { failure: cause }),
    });
  }

  async screen(jobs: readonly ScreeningJob[]): Promise<readonly ScreeningAnswer[]> {
    return this.#pool.screen(jobs);
  }

  /** Hears nothing before every worker is up: the first task of a fresh process has no time to wait for one. */
  async onApplicationBootstrap(): Promise<void> {
    await this.#pool.screen(Array.from({ length: this.#size }, () => NOTHING));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#pool.close();
  }
}
