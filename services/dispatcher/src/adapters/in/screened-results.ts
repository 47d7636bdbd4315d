import { Injectable } from '@nestjs/common';
import type { ScreenedItem } from '@countersign/contracts';
import { BatchLoop } from '@countersign/bus';
import { Logger } from '@countersign/telemetry';
import { Charges } from '../../application/charges.js';
import { Dispatch } from '../../application/dispatch.js';
import { TaskStore } from '../out/task.store.js';
import { attemptText, type AttemptKey } from '../../domain/attempt.js';

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
      const rows = new Map(
        (await this.store.read(items.map(attemptOf))).map(({ record }) => [attemptText(record), record]),
      );
      const events = items.flatMap((item) => {
        const record = rows.get(attemptText(attemptOf(item)));
        if (record?.result === undefined) return [];
        const triggered = (item.guardrails ?? []).some((g) => g.outcome !== 'NOT_TRIGGERED');
        return [
          {
            ...attemptOf(item),
            event: {
              type: 'screened' as const,
              digest: item.digest,
              outcome: item.outcome,
              codes: item.codes,
              chargedMicros: this.charges.of(record, record.result),
              triggered,
            },
          },
        ];
      });
      await this.dispatch.apply(events);
    } catch (error) {
      this.logger.warn('screened results could not be taken yet', { error });
      setTimeout(() => items.forEach((item) => this.take(item)), RETRY_MS).unref();
    }
  }
}

function attemptOf({ task, attempt }: ScreenedItem): AttemptKey {
  return { key: { org: task.org, agent: task.agent, task: task.id }, attempt };
}
