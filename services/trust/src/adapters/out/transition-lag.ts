import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock, Repeating } from '@countersign/primitives';
import { durableName } from '@countersign/contracts';
import { Bus } from '@countersign/bus';
import { Logger } from '@countersign/telemetry';
import { Lag } from '../../domain/lag.js';

const EVERY_MS = 1_000;

/** How far all replicas together are behind the stream of transitions: what they have not stored yet is missing in every score. */
@Injectable()
export class TransitionLag implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #lag = new Lag();
  readonly #looking: Repeating;

  constructor(
    private readonly bus: Bus,
    private readonly clock: Clock,
    logger: Logger,
  ) {
    this.#looking = new Repeating({
      everyMs: EVERY_MS,
      work: () => this.#look(),
      onError: (error) => logger.warn('the consumer of transitions could not be looked at', { error }),
    });
  }

  /** Instant (ms) up to which every transition is stored. */
  get heardUntil(): number {
    return this.#lag.heardUntil;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.look();
    this.#looking.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#looking.stop();
  }

  /** Asks the server now. An answer that does not come proves nothing, and evidence gets stale. */
  look(): Promise<void> {
    return this.#looking.now();
  }

  async #look(): Promise<void> {
    const at = this.clock.now();
    const info = await this.bus.jsm.consumers.info('FLOW', durableName('trust', 'dec'));
    this.#lag.observe(at, {
      deliveredSeq: info.delivered.stream_seq,
      acknowledgedSeq: info.ack_floor.stream_seq,
      pending: info.num_pending,
      unacknowledged: info.num_ack_pending,
    });
  }
}
