import { Injectable } from '@nestjs/common';
import { Clock, formatInstant, sha256, utf8 } from '@countersign/primitives';
import {
  answerSubject,
  PURPOSES,
  resultEnvelopeSchema,
  type AnswerData,
  type AnswerEnvelope,
  type Part,
  type RecordRef,
} from '@countersign/contracts';
import { BatchLoop, Bus, jsonOf, signedHeaders } from '@countersign/bus';
import { SigningKey } from '@countersign/identity';
import { Logger } from '@countersign/telemetry';
import { Callers } from '../../application/ports.js';
import { answerOf } from '../../domain/answer.js';
import { attemptText } from '../../domain/attempt.js';
import type { TaskRecord } from '../../domain/model.js';
import type { BodySide } from './task-bodies.js';
import type { AnsweredTask } from './task-rows.js';
import { TaskStore } from './task.store.js';

const ANSWER_MS = 2_000;
const BATCH = 128;

/** Tells callers how their tasks stand. Sent at least once; who does not listen asks for it. */
@Injectable()
export class Answers extends Callers {
  readonly #inFlight = new Set<Promise<void>>();
  readonly #sending: BatchLoop<Due>;
  readonly #sent: BatchLoop<AnsweredTask>;

  constructor(
    private readonly bus: Bus,
    private readonly key: SigningKey,
    private readonly clock: Clock,
    private readonly store: TaskStore,
    private readonly logger: Logger,
  ) {
    super();
    const onError = (error: unknown): void => logger.warn('answers could not be sent', { error });
    this.#sending = new BatchLoop({ max: BATCH, handle: (batch) => this.#sendAll(batch), onError });
    // without a pause: who asks again is told the place in the record only when it is noted
    this.#sent = new BatchLoop({ max: BATCH, handle: (batch) => store.noteAnswered(batch), onError });
  }

  send(record: TaskRecord, ref?: RecordRef): void {
    this.#sending.push({ record, ref });
  }

  /** The envelope of an answer. */
  envelope(data: AnswerData): AnswerEnvelope {
    return {
      specversion: '1.0',
      id: data.task,
      source: 'countersign:dispatcher',
      type: 'dev.countersign.answer.v1',
      time: formatInstant(this.clock.now()),
      datacontenttype: 'application/json',
      data,
    };
  }

  /** What a caller may see of a task now. */
  async answer(record: TaskRecord): Promise<AnswerData> {
    const body = record.state === 'COMPLETED' ? await this.store.body(record, deliveredSide(record)) : undefined;
    return answerOf(record, { parts: partsOf(body), record: record.record });
  }

  async stop(): Promise<void> {
    await this.#sending.finish();
    while (this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight);
    await this.#sent.finish();
  }

  /** Reads what the answers show in one go; who is slow to hear does not keep the others waiting. */
  async #sendAll(due: readonly Due[]): Promise<void> {
    const bodies = await this.#delivered(due.flatMap(({ record }) => (record.state === 'COMPLETED' ? [record] : [])));
    for (const { record, ref } of due) {
      const parts = record.state === 'COMPLETED' ? partsOf(bodies.get(attemptText(record))) : undefined;
      const run = this.#send(record, answerOf(record, { parts, record: ref ?? record.record }))
        .then(() => (record.endedAt === undefined ? undefined : this.#sent.push({ ...record, ref })))
        // it is not noted as sent, so it is sent again
        .catch((error: unknown) => this.logger.warn('an answer could not be sent', { task: record.key, error }))
        .finally(() => this.#inFlight.delete(run));
      this.#inFlight.add(run);
    }
  }

  async #delivered(completed: readonly TaskRecord[]): Promise<ReadonlyMap<string, Buffer>> {
    const on = (side: BodySide) =>
      this.store.bodies(
        completed.filter((record) => deliveredSide(record) === side),
        side,
      );
    return new Map([...(await on('out')), ...(await on('delivered'))]);
  }

  async #send(record: TaskRecord, answer: AnswerData): Promise<void> {
    const subject = answerSubject(record.key, record.task.instance);
    const body = utf8(JSON.stringify(this.envelope(answer)));
    const headers = signedHeaders(this.key.sign(PURPOSES.answer, subject, sha256(body)));
    // nobody listening is as good as heard: the agent asks for its open tasks when it is back
    await this.bus.requests.request(subject, body, { timeoutMs: ANSWER_MS, headers }).catch(() => undefined);
  }
}

interface Due {
  readonly record: TaskRecord;
  readonly ref: RecordRef | undefined;
}

/** A result that screening changed is never shown as the target gave it. */
function deliveredSide({ output }: TaskRecord): BodySide {
  return output?.transformedDigest === undefined ? 'out' : 'delivered';
}

function partsOf(bytes: Buffer | undefined): readonly Part[] | undefined {
  const result = resultEnvelopeSchema.safeParse(bytes === undefined ? undefined : jsonOf(bytes));
  return result.success ? result.data.data.parts : undefined;
}
