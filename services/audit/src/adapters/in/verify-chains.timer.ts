import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Logger, Metrics } from '@countersign/telemetry';
import { VerifyChains } from '../../application/verify-chains.js';

const PASS_MS = 60_000;
/** The first pass waits until the start is over. */
const FIRST_MS = 2_000;

/** Verifies all chains again and again, one pass at a time, and tells of it by metrics. */
@Injectable()
export class VerifyChainsTimer implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    private readonly verify: VerifyChains,
    private readonly metrics: Metrics,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.metrics.gauge('countersign_audit_verified', () => this.#reading(({ ok }) => (ok ? 1 : 0)));
    this.metrics.gauge('countersign_audit_verified_timestamp', () => this.#reading(({ at }) => at / 1000));
    this.#next(FIRST_MS);
  }

  onApplicationShutdown(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #reading(
    of: (state: { readonly ok: boolean; readonly at: number }) => number,
  ): readonly { readonly value: number }[] {
    const state = this.verify.state();
    return state === undefined ? [] : [{ value: of(state) }];
  }

  #next(after: number): void {
    this.#timer = setTimeout(() => void this.#pass(), after).unref();
  }

  async #pass(): Promise<void> {
    try {
      await this.verify.pass(() => this.#stopped);
    } catch (error) {
      this.logger.warn('chains could not be verified', { error });
    }
    if (!this.#stopped) this.#next(PASS_MS);
  }
}
