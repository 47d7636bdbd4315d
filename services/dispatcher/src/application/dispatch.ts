import { Injectable } from '@nestjs/common';
import { isTerminal, type AgentRef, type RecordedItem, type ScreenItem } from '@countersign/contracts';
import { BatchLoop, FrameWriter, itemNonce } from '@countersign/bus';
import { formatInstant, Clock, Random } from '@countersign/primitives';
import { TaskFacts, ReadModels } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import type { TaskRecord } from '../domain/model.js';
import { Answers } from '../adapters/out/answers.js';
import { HandOver } from '../adapters/out/hand-over.js';
import { Rounds } from '../adapters/out/rounds.js';
import { TaskStore, type Addressed, type Adoption, type Changed } from '../adapters/out/task.store.js';
import { attemptText, type AttemptKey } from '../adapters/out/task-rows.js';
import { TransitionPublisher } from '../adapters/out/transition.publisher.js';
import { EvaluationBoard, type OpenEvaluation } from './evaluation-board.js';

const BATCH = 64;
const RETRY_MS = 500;
/** Bytes of released tasks are kept until they are handed over; beyond that they are looked up in the log. */
const MAX_BODIES = 2_000;

/**
 * What follows from what: decisions are adopted, then published; a release waits until it is recorded, is claimed, then handed over; a result is screened; a
 * completed task is answered after its end is recorded, every other at once. Rows first, effects after.
 */
@Injectable()
export class Dispatch {
  readonly #adoptions: BatchLoop<OpenEvaluation>;
  readonly #recorded: BatchLoop<RecordedItem>;
  readonly #bodies = new Map<string, Buffer>();
  readonly #facts: TaskFacts;
  readonly #inFlight = new Set<Promise<unknown>>();

  constructor(
    private readonly board: EvaluationBoard,
    private readonly store: TaskStore,
    private readonly transitions: TransitionPublisher,
    private readonly answers: Answers,
    private readonly handOver: HandOver,
    private readonly rounds: Rounds,
    private readonly writer: FrameWriter,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly logger: Logger,
    models: ReadModels,
  ) {
    this.#facts = new TaskFacts(models);
    this.#adoptions = new BatchLoop({ max: BATCH, handle: (batch) => this.#adopt(batch), onError: (error) => logger.error('decisions could not be adopted', { error }) });
    this.#recorded = new BatchLoop({ max: BATCH * 2, handle: (batch) => this.#onRecorded(batch), onError: (error) => logger.error('recorded transitions could not be acted on', { error }) });
  }

  /** Decides an evaluation that is complete or due. */
  decide(opened: OpenEvaluation): void {
    if (opened.decided) return;
    opened.decided = true;
    this.#adoptions.push(opened);
  }

  /** A transition stands in the record: what waited for it may happen. */
  recorded(item: RecordedItem): void {
    this.#recorded.push(item);
  }

  /** Applies events to rows and does what follows. */
  async apply(events: readonly Addressed[]): Promise<readonly Changed[]> {
    const changed = await this.store.apply(events);
    this.follow(changed);
    return changed;
  }

  /** What follows from rows that changed. */
  follow(changed: readonly Changed[]): void {
    this.transitions.publish(changed.flatMap((c) => c.items));
    for (const { record } of changed) this.#followOne(record);
  }

  /** Waits for what is in work. */
  async stop(): Promise<void> {
    await this.#adoptions.stop();
    await this.#recorded.stop();
    await Promise.allSettled(this.#inFlight);
    await this.transitions.stop();
    await this.answers.stop();
  }

  /** Asks guardrails again for rows whose screening was never answered. */
  async requestScreening(records: readonly TaskRecord[]): Promise<void> {
    const items = records.flatMap((record) => this.#screenItem(record) ?? []);
    if (items.length > 0) await this.writer.write('scr', items);
  }

  #followOne(record: TaskRecord): void {
    if (isTerminal(record.state)) {
      this.#bodies.delete(attemptText(record));
      // nothing passes before it is recorded; a refusal does not wait
      if (record.state !== 'COMPLETED') this.answers.send(record);
      return;
    }
    if (record.state === 'AWAITING_APPROVAL') this.answers.send(record);
    if (record.state === 'EVALUATING') this.#background(this.rounds.publish(record), 'a round could not be published');
    if (record.state === 'DISPATCHED') this.#background(this.#deliver(record), 'a hand-over failed');
    if (record.state === 'SCREENING') this.#background(this.requestScreening([record]), 'screening could not be asked for');
  }

  async #adopt(batch: readonly OpenEvaluation[]): Promise<void> {
    try {
      const changed = await this.store.adopt(batch.map((opened) => this.#adoptionOf(opened)));
      const won = new Set(changed.map((c) => attemptText(c.record)));
      for (const { evaluation, body } of batch) {
        this.board.close(evaluation);
        if (won.has(attemptText(evaluation)) && this.#bodies.size < MAX_BODIES) this.#bodies.set(attemptText(evaluation), body);
      }
      this.follow(changed);
      for (const { record } of changed) if (record.state !== 'RELEASING') this.#bodies.delete(attemptText(record));
    } catch (error) {
      // the log still holds them: they stay open and are tried again
      this.logger.warn('decisions could not be adopted yet', { error, count: batch.length });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      for (const opened of batch) opened.decided = false;
    }
  }

  #adoptionOf({ evaluation, body }: OpenEvaluation): Adoption {
    return { evaluation, body, currency: this.#facts.org(evaluation.key.org)?.currency ?? 'USD' };
  }

  async #onRecorded(batch: readonly RecordedItem[]): Promise<void> {
    const released = batch.filter((item) => item.kind === 'decided').map(attemptOf);
    if (released.length > 0) this.follow(await this.store.claim(released));
    const finished = batch.filter((item) => item.kind === 'finished');
    if (finished.length > 0) await this.#answerRecorded(finished);
    await this.store.noteRecorded(batch);
  }

  async #answerRecorded(items: readonly RecordedItem[]): Promise<void> {
    const places = new Map(items.map((item) => [attemptText(attemptOf(item)), { position: item.position, leaf: item.leaf }]));
    for (const { record, answeredAt } of await this.store.read(items.map(attemptOf))) {
      if (record.state === 'COMPLETED' && answeredAt === undefined) this.answers.send(record, places.get(attemptText(record)));
    }
  }

  async #deliver(record: TaskRecord): Promise<void> {
    const key = attemptText(record);
    const known = this.#bodies.get(key);
    this.#bodies.delete(key);
    if (!(await this.handOver.deliver(record, known))) await this.apply([{ key: record.key, attempt: record.attempt, event: { type: 'undelivered' } }]);
  }

  #screenItem(record: TaskRecord): ScreenItem | undefined {
    const { key, attempt, round, result, connection, grant, grantId } = record;
    if (result === undefined || connection === undefined || grant === undefined || grantId === undefined) return undefined;
    const target: AgentRef = { org: connection.org, agent: connection.agent };
    return {
      type: 'screen', nonce: itemNonce(this.random), task: { org: key.org, agent: key.agent, id: key.task }, attempt, round, seq: result.seq, digest: result.digest, connection: connection.id, target,
      grant: { jti: grantId, models: grant.models, tools: grant.tools }, at: formatInstant(this.clock.now()),
    };
  }

  #background(work: Promise<unknown>, message: string): void {
    const run = work.catch((error: unknown) => this.logger.error(message, { error })).finally(() => this.#inFlight.delete(run));
    this.#inFlight.add(run);
  }
}

function attemptOf({ task, attempt }: RecordedItem): AttemptKey {
  return { key: { org: task.org, agent: task.agent, task: task.id }, attempt };
}
