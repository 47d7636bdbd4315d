import { Injectable } from '@nestjs/common';
import type { TransitionItem } from '@countersign/contracts';
import { BatchLoop, FrameWriter } from '@countersign/bus';
import { Database } from '@countersign/store';
import { Logger } from '@countersign/telemetry';
import { Transitions } from '../../application/ports.js';

const BATCH = 256;
/** Whatever is not in the record after so long is told of: audit answers within seconds. */
const FAILING_AFTER_MS = 60_000;

/** Publishes transitions after their commit. What cannot be published stays in the table and is published again: every reader is idempotent. */
@Injectable()
export class TransitionPublisher extends Transitions {
  readonly #loop: BatchLoop<TransitionItem>;
  #failing = false;

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

  /**
   * Publishes again what audit has not recorded for that long. A row goes only when audit signed that its transition, a claim among them, stands in the chain: so
   * an empty table proves that every one does, and a row that stays raises an alert, once until all are recorded.
   */
  async republish(olderThanMs: number): Promise<void> {
    const rows = await this.database.system((tx) =>
      tx.query<{ readonly item: TransitionItem; readonly failing: boolean }>(
        'select item, at < clock_timestamp() - make_interval(secs => $2::float8 / 1000) as failing from dispatcher.unrecorded where at < clock_timestamp() - make_interval(secs => $1::float8 / 1000) order by position limit 1000',
        [olderThanMs, FAILING_AFTER_MS],
      ),
    );
    const failing = rows.filter((row) => row.failing).length;
    if (failing > 0 && !this.#failing) this.logger.alert('AUDIT_WRITE_FAILING', { count: failing });
    this.#failing = failing > 0;
    if (rows.length > 0) this.logger.info('publishing transitions again', { count: rows.length });
    this.publish(rows.map((row) => row.item));
  }

  /** Publishes what is left. */
  async stop(): Promise<void> {
    await this.#loop.finish();
  }
}
