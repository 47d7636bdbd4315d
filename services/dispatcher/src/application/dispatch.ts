import { Injectable } from '@nestjs/common';
import { isTerminal, type RecordedItem } from '@countersign/contracts';
import { BatchLoop, DependencyUnavailable } from '@countersign/bus';
import { TaskFacts, ReadModels } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import { attemptText, type RoundKey } from '../domain/attempt.js';
import type { TaskRecord } from '../domain/model.js';
import { Approvers } from './approval-ports.js';
import { EvaluationBoard, type OpenEvaluation } from './evaluation-board.js';
import { TaskObservation } from './task-observation.js';
import {
  Callers,
  LaterRounds,
  Screening,
  Targets,
  Tasks,
  Transitions,
  type Addressed,
  type Adoption,
  type Changed,
} from './ports.js';

const BATCH = 64;
const RETRY_MS = 500;
/** Nothing waits for a note, and a crash before it only publishes again what every reader knows: many go in one statement. */
const NOTE_PAUSE_MS = 200;
const MOST_NOTES = 2_048;
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
  readonly #noted: BatchLoop<RecordedItem>;
  readonly #bodies = new Map<string, Buffer>();
  readonly #facts: TaskFacts;
  readonly #inFlight = new Set<Promise<unknown>>();

  constructor(
    private readonly board: EvaluationBoard,
    private readonly tasks: Tasks,
    private readonly transitions: Transitions,
    private readonly callers: Callers,
    private readonly targets: Targets,
    private readonly rounds: LaterRounds,
    private readonly screening: Screening,
    private readonly logger: Logger,
    models: ReadModels,
    private readonly approvers: Approvers,
    private readonly observation: TaskObservation,
  ) {
    this.#facts = new TaskFacts(models);
    this.#adoptions = new BatchLoop({
      max: BATCH,
      handle: (batch) => this.#adopt(batch),
      onError: (error) => logger.error('decisions could not be adopted', { error }),
    });
    this.#recorded = new BatchLoop({
      max: BATCH * 2,
      handle: (batch) => this.#onRecorded(batch),
      onError: (error) => logger.error('recorded transitions could not be acted on', { error }),
    });
    this.#noted = new BatchLoop({
      max: MOST_NOTES,
      handle: (batch) => afterPause(() => this.tasks.noteRecorded(batch)),
      onError: (error) => logger.warn('recorded transitions could not be noted', { error }),
    });
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
    const changed = await this.tasks.apply(events);
    this.follow(changed);
    return changed;
  }

  /** What follows from rows that changed. */
  follow(changed: readonly Changed[]): void {
    this.transitions.publish(changed.flatMap((c) => c.items));
    this.observation.changed(changed);
    for (const change of changed) this.#followOne(change);
    const screening = changed.flatMap(({ record }) => (record.state === 'SCREENING' ? [record] : []));
    if (screening.length > 0) this.#background(this.screening.request(screening), 'screening could not be asked for');
  }

  /** Ends what is in work, and tells all that follows from it: what is left over would be told by another replica's repair only, too late for a release. */
  async stop(): Promise<void> {
    await this.#adoptions.stop();
    await this.#recorded.stop();
    while (this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight);
    await this.#noted.finish();
    await this.transitions.stop();
    await this.callers.stop();
  }

  #followOne({ record, silent = false }: Changed): void {
    if (isTerminal(record.state)) {
      this.#bodies.delete(attemptText(record));
      // nothing passes before it is recorded; a refusal does not wait
      if (record.state !== 'COMPLETED' && !silent) this.callers.send(record);
      return;
    }
    if (record.state === 'AWAITING_APPROVAL' || record.state === 'AWAITING_OUTPUT_APPROVAL') {
      this.callers.send(record);
      this.approvers.asked(record);
    }
    if (record.state === 'EVALUATING') this.#background(this.rounds.publish(record), 'a round could not be published');
    if (record.state === 'DISPATCHED') this.#background(this.#deliver(record), 'a hand-over failed');
  }

  async #adopt(batch: readonly OpenEvaluation[]): Promise<void> {
    try {
      const changed = await this.tasks.adopt(batch.map((opened) => this.#adoptionOf(opened)));
      const won = new Set(changed.map((c) => attemptText(c.record)));
      for (const { evaluation, body } of batch) {
        this.board.close(evaluation);
        if (won.has(attemptText(evaluation)) && this.#bodies.size < MAX_BODIES)
          this.#bodies.set(attemptText(evaluation), body);
      }
      this.follow(changed);
      this.#withdrawLate(batch, changed);
      for (const { record } of changed) if (record.state !== 'RELEASING') this.#bodies.delete(attemptText(record));
    } catch (error) {
      // one that cannot be decided keeps no other one waiting
      if (batch.length > 1 && !(error instanceof DependencyUnavailable)) {
        for (const opened of batch) await this.#adopt([opened]);
        return;
      }
      // the log still holds them: they stay open and are tried again
      this.logger.warn('decisions could not be adopted yet', { error, count: batch.length });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      for (const opened of batch) opened.decided = false;
    }
  }

  /** A withdrawal that was read while its decision was being written found no row yet: the row is there now. */
  #withdrawLate(batch: readonly OpenEvaluation[], changed: readonly Changed[]): void {
    const open = new Set(changed.flatMap(({ record }) => (isTerminal(record.state) ? [] : [attemptText(record)])));
    const late = batch.flatMap(({ evaluation }) => {
      const { key, attempt, withdrawn: codes } = evaluation;
      if (codes === undefined || !open.has(attemptText(evaluation))) return [];
      return [{ key, attempt, event: { type: 'withdrawn', codes } as const }];
    });
    if (late.length > 0) this.#background(this.apply(late), 'a withdrawal could not be applied');
  }

  #adoptionOf({ evaluation, body }: OpenEvaluation): Adoption {
    const currency = this.#facts.org(evaluation.key.org)?.currency ?? 'USD';
    return { evaluation, body, currency, terms: this.approvers.termsFor(evaluation) };
  }

  async #onRecorded(batch: readonly RecordedItem[]): Promise<void> {
    const released = batch.filter((item) => item.kind === 'decided').map(attemptOf);
    const finished = batch.filter((item) => item.kind === 'finished');
    await Promise.all([
      released.length > 0 ? this.tasks.claim(released).then((changed) => this.follow(changed)) : undefined,
      finished.length > 0 ? this.#answerRecorded(finished) : undefined,
    ]);
    for (const item of batch) this.#noted.push(item);
  }

  async #answerRecorded(items: readonly RecordedItem[]): Promise<void> {
    const places = new Map(
      items.map((item) => [attemptText(attemptOf(item)), { position: item.position, leaf: item.leaf }]),
    );
    for (const record of await this.tasks.unanswered(items.map(attemptOf)))
      this.callers.send(record, places.get(attemptText(record)));
  }

  async #deliver(record: TaskRecord): Promise<void> {
    const key = attemptText(record);
    const known = this.#bodies.get(key);
    this.#bodies.delete(key);
    if (!(await this.targets.deliver(record, known)))
      await this.apply([{ key: record.key, attempt: record.attempt, event: { type: 'undelivered' } }]);
  }

  #background(work: Promise<unknown>, message: string): void {
    const run = work
      .catch((error: unknown) => this.logger.error(message, { error }))
      .finally(() => this.#inFlight.delete(run));
    this.#inFlight.add(run);
  }
}

async function afterPause(note: () => Promise<void>): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, NOTE_PAUSE_MS));
  await note();
}

function attemptOf({ task, attempt, round }: RecordedItem): RoundKey {
  return { key: { org: task.org, agent: task.agent, task: task.id }, attempt, round };
}
