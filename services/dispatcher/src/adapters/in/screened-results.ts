import { Injectable } from '@nestjs/common';
import type { ScreenedItem } from '@countersign/contracts';
import { BatchLoop } from '@countersign/bus';
import { Logger } from '@countersign/telemetry';
import { Charges } from '../../application/charges.js';
import { Dispatch } from '../../application/dispatch.js';
import type { Addressed } from '../../application/ports.js';
import { attemptText, type AttemptKey } from '../../domain/attempt.js';
import type { TaskRecord } from '../../domain/model.js';
import type { ScreenedEvent } from '../../domain/screening.js';
import { StoredBytes } from '../out/stored-bytes.js';
import { TaskStore } from '../out/task.store.js';

const BATCH = 64;
const RETRY_MS = 500;

/** Ends tasks whose results were screened. */
@Injectable()
export class ScreenedResults {
  readonly #loop: BatchLoop<ScreenedItem>;

  constructor(
    private readonly store: TaskStore,
    private readonly dispatch: Dispatch,
    private readonly charges: Charges,
    private readonly bytes: StoredBytes,
    private readonly logger: Logger,
  ) {
    this.#loop = new BatchLoop({
      max: BATCH,
      handle: (items) => this.#end(items),
      onError: (error) => logger.error('screened results could not be taken', { error }),
    });
  }

  /** Takes what output screening found. */
  take(item: ScreenedItem): void {
    this.#loop.push(item);
  }

  async #end(items: readonly ScreenedItem[]): Promise<void> {
    try {
      const screening = await this.store.inState(items.map(attemptOf), 'SCREENING');
      const rows = new Map(screening.map((record) => [attemptText(record), record]));
      const events = await Promise.all(
        items.flatMap((item) => {
          const record = rows.get(attemptText(attemptOf(item)));
          return record === undefined ? [] : [this.#prepared(item, record)];
        }),
      );
      await this.dispatch.apply(events.flat());
    } catch (error) {
      this.#again(items, error);
    }
  }

  /** One result whose bytes cannot be read at the moment does not keep the others waiting; in the end its own time is over. */
  async #prepared(item: ScreenedItem, record: TaskRecord): Promise<readonly Addressed[]> {
    try {
      return await this.#eventOf(item, record);
    } catch (error) {
      this.#again([item], error);
      return [];
    }
  }

  #again(items: readonly ScreenedItem[], error: unknown): void {
    this.logger.warn('screened results could not be taken yet', { error, count: items.length });
    setTimeout(() => items.forEach((item) => this.take(item)), RETRY_MS).unref();
  }

  /** What the dispatcher makes sure of itself: that changed bytes are at hand and are those that were signed, and of a further attempt that the original ones are. */
  async #eventOf(item: ScreenedItem, record: TaskRecord): Promise<readonly Addressed[]> {
    if (record.result?.digest !== item.digest) return [];
    const { digest, outcome, codes, transformedDigest, retry } = item;
    const delivered =
      transformedDigest === undefined ? undefined : await this.bytes.transformedOutput(record, transformedDigest);
    const input = outcome === 'RETRY' ? await this.bytes.input(record) : undefined;
    const event: ScreenedEvent = {
      type: 'screened',
      digest,
      outcome,
      codes,
      chargedMicros: this.charges.of(record, record.result),
      output: outputOf(item),
      transformedAtHand: delivered !== undefined,
      inputAtHand: input !== undefined,
      ...(retry === undefined ? {} : { retry }),
    };
    const bodies = {
      ...(delivered === undefined ? {} : { delivered }),
      ...(input === undefined ? {} : { in: input }),
    };
    return [{ ...attemptOf(item), event, bodies }];
  }
}

function outputOf({ outcome, codes, guardrails, versions, transformedDigest }: ScreenedItem) {
  return {
    outcome,
    codes,
    guardrails: guardrails ?? [],
    versions,
    ...(transformedDigest === undefined ? {} : { transformedDigest }),
  };
}

function attemptOf({ task, attempt }: ScreenedItem): AttemptKey {
  return { key: { org: task.org, agent: task.agent, task: task.id }, attempt };
}
