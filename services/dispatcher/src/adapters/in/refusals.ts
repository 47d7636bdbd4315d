import { Injectable } from '@nestjs/common';
import { BatchLoop } from '@countersign/bus';
import { Logger } from '@countersign/telemetry';
import { Dispatch } from '../../application/dispatch.js';
import type { TaskRecord } from '../../domain/model.js';
import { TaskStore } from '../out/task.store.js';
import type { Refusal } from './intake.js';

const BATCH = 128;
const RETRY_MS = 500;

/** Denies at once what needs no verdict; the controls judge it too, without side effects or compensated by its end. */
@Injectable()
export class Refusals {
  readonly #loop: BatchLoop<Refusal>;

  constructor(
    private readonly store: TaskStore,
    private readonly dispatch: Dispatch,
    private readonly logger: Logger,
  ) {
    this.#loop = new BatchLoop({
      max: BATCH,
      handle: (batch) => this.#end(batch),
      onError: (error) => logger.error('submissions could not be denied', { error }),
    });
  }

  /** Denies soon, with others. */
  push(refusal: Refusal): void {
    this.#loop.push(refusal);
  }

  /** Waits for what is in work. */
  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  async #end(batch: readonly Refusal[]): Promise<void> {
    try {
      this.dispatch.follow(await this.store.end(batch.map(recordOf)));
    } catch (error) {
      this.logger.warn('submissions could not be denied yet', { error, count: batch.length });
      setTimeout(() => batch.forEach((refusal) => this.push(refusal)), RETRY_MS).unref();
    }
  }
}

function recordOf({ task, code, facts }: Refusal): Omit<TaskRecord, 'endedAt'> {
  const { key, attempt, round, seq, digest, streamAt, envelope, callerTrace } = task;
  const data = envelope.ok ? envelope.value.data : undefined;
  return {
    key,
    attempt,
    round,
    seq,
    digest,
    task: {
      taskType: data?.taskType ?? '',
      target: data?.target ?? '',
      deadline: streamAt,
      instance: data?.instance,
      models: null,
      tools: null,
      usesModels: false,
    },
    acceptedAt: streamAt,
    roundAt: streamAt,
    ...(callerTrace === undefined ? {} : { callerTrace }),
    facts,
    covered: [],
    claim: 'NONE',
    state: 'DENIED',
    codes: [code],
    primary: code.code,
  };
}
