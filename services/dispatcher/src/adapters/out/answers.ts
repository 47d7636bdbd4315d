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
import { Bus, jsonOf, signedHeaders } from '@countersign/bus';
import { SigningKey } from '@countersign/identity';
import { Database } from '@countersign/store';
import { Logger } from '@countersign/telemetry';
import { Callers } from '../../application/ports.js';
import { answerOf } from '../../domain/answer.js';
import type { TaskRecord } from '../../domain/model.js';
import { TaskStore } from './task.store.js';

const ANSWER_MS = 2_000;

/** Tells callers how their tasks stand. Sent at least once; who does not listen asks for it. */
@Injectable()
export class Answers extends Callers {
  readonly #inFlight = new Set<Promise<void>>();

  constructor(
    private readonly bus: Bus,
    private readonly key: SigningKey,
    private readonly clock: Clock,
    private readonly store: TaskStore,
    private readonly database: Database,
    private readonly logger: Logger,
  ) {
    super();
  }

  /** Sends an answer in the background and notes that it was sent. */
  send(record: TaskRecord, ref?: RecordRef): void {
    const run = this.#send(record, ref)
      .catch((error: unknown) => this.logger.warn('an answer could not be sent', { task: record.key, error }))
      .finally(() => this.#inFlight.delete(run));
    this.#inFlight.add(run);
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
  async answer(record: TaskRecord, ref?: RecordRef): Promise<AnswerData> {
    return answerOf(record, {
      parts: record.state === 'COMPLETED' ? await this.#parts(record) : undefined,
      record: ref ?? record.record,
    });
  }

  /** Waits for what is being sent. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#inFlight);
  }

  async #parts(record: TaskRecord): Promise<readonly Part[] | undefined> {
    const bytes = await this.store.body(record, 'out');
    const result = resultEnvelopeSchema.safeParse(bytes === undefined ? undefined : jsonOf(bytes));
    return result.success ? result.data.data.parts : undefined;
  }

  async #send(record: TaskRecord, ref: RecordRef | undefined): Promise<void> {
    const subject = answerSubject(record.key, record.task.instance);
    const body = utf8(JSON.stringify(this.envelope(await this.answer(record, ref))));
    const headers = signedHeaders(this.key.sign(PURPOSES.answer, subject, sha256(body)));
    // nobody listening is as good as heard: the agent asks for its open tasks when it is back
    await this.bus.nc.request(subject, body, { timeout: ANSWER_MS, headers }).catch(() => undefined);
    if (record.endedAt !== undefined) await this.#noteAnswered(record, ref);
  }

  async #noteAnswered({ key, attempt }: TaskRecord, ref: RecordRef | undefined): Promise<void> {
    await this.database.tenant(key.org, (tx) =>
      tx.query(
        `update dispatcher.task set answered_at = clock_timestamp(), record = case when $5::jsonb is null then record else jsonb_set(record, '{record}', $5::jsonb) end where org_id = $1 and agent_id = $2 and task_id = $3 and attempt = $4`,
        [key.org, key.agent, key.task, attempt, ref === undefined ? null : JSON.stringify(ref)],
      ),
    );
  }
}
