import { Injectable } from '@nestjs/common';
import type { TransitionItem } from '@countersign/contracts';
import { BatchLoop, FrameWriter } from '@countersign/bus';
import { Database } from '@countersign/store';
import { Logger } from '@countersign/telemetry';
import { Transitions } from '../../application/ports.js';

const BATCH = 256;

/** Publishes transitions after their commit. What cannot be published stays in the table and is published again: every reader is idempotent. */
@Injectable()
export class TransitionPublisher extends Transitions {
  readonly #loop: BatchLoop<TransitionItem>;

  constructor(
    writer: FrameWriter,
    private readonly database: Database,
    private readonly logger: Logger,
  ) {
    super();
    this.#loop = new BatchLoop<TransitionItem>({
      max: BATCH,
      handle: async (items) => void (await writer.write('dec', items)),
      onError: (error) => logger.warn('transitions could not be published', { error }),
    });
  }

  /** Publishes soon, in the order given. */
  publish(items: readonly TransitionItem[]): void {
    for (const item of items) this.#loop.push(item);
  }

  /** Publishes again what audit has not recorded for that long. */
  async republish(olderThanMs: number): Promise<void> {
    const rows = await this.database.system((tx) =>
      tx.query<{ readonly item: TransitionItem }>(
        'select item from dispatcher.unrecorded where at < clock_timestamp() - make_interval(secs => $1::float8 / 1000) order by position limit 1000',
        [olderThanMs],
      ),
    );
    if (rows.length > 0) this.logger.info('publishing transitions again', { count: rows.length });
    this.publish(rows.map((row) => row.item));
  }

  /** Waits for what is in work. */
  async stop(): Promise<void> {
    await this.#loop.stop();
  }
}
