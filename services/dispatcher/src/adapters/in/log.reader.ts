import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { recordedItemSchema, screenedItemSchema, type TaskKey, type WithdrawItem } from '@countersign/contracts';
import { Bus, FrameReader, readTaskMessage, StreamReader, type StreamMessage } from '@countersign/bus';
import { TrustBundle } from '@countersign/identity';
import { Readiness, ReadModels, TaskFacts } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import { Dispatch } from '../../application/dispatch.js';
import { EvaluationBoard } from '../../application/evaluation-board.js';
import { summaryOf } from '../../application/task-summary.js';
import { TakeVerdicts } from '../../application/take-verdicts.js';
import { takeWithdrawal } from '../../domain/evaluation.js';
import type { Evaluation } from '../../domain/model.js';
import { Checkpoints } from '../out/checkpoints.js';
import { Intake } from './intake.js';
import { Refusals } from './refusals.js';
import { ScreenedResults } from './screened-results.js';

const LOOK_MS = 20;
const SECOND_MS = 1_000;

/** Reads the log: submissions and rounds, verdicts, what was recorded, what was screened. The board it fills is made again from a checkpoint after any crash. */
@Injectable()
export class LogReader implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #facts: TaskFacts;
  #ing: StreamReader | undefined;
  #flow: StreamReader | undefined;
  #second: NodeJS.Timeout | undefined;
  #looks: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(
    private readonly bus: Bus,
    private readonly bundle: TrustBundle,
    private readonly frames: FrameReader,
    private readonly board: EvaluationBoard,
    private readonly verdicts: TakeVerdicts,
    private readonly dispatch: Dispatch,
    private readonly screened: ScreenedResults,
    private readonly intake: Intake,
    private readonly refusals: Refusals,
    private readonly checkpoints: Checkpoints,
    private readonly clock: Clock,
    private readonly logger: Logger,
    models: ReadModels,
    readiness: Readiness,
  ) {
    this.#facts = new TaskFacts(models);
    readiness.add({ name: 'log', ready: () => this.#ing !== undefined && this.#flow !== undefined });
  }

  async onApplicationBootstrap(): Promise<void> {
    const start = await this.checkpoints.start();
    await this.intake.restore();
    this.#flow = await StreamReader.open({
      bus: this.bus,
      stream: 'FLOW',
      filters: ['flow.*.vd.*', 'flow.*.rec', 'flow.*.ovd'],
      startSequence: start.flow,
      onMessage: (message) => this.#onFlow(message),
    });
    this.#ing = await StreamReader.open({
      bus: this.bus,
      stream: 'ING',
      filters: ['ing.>', 'rnd.>'],
      startSequence: start.ing,
      onMessage: (message) => this.#onIngest(message),
    });
    this.#second = setInterval(() => void this.#everySecond(), SECOND_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#second);
    await Promise.all([this.#ing?.close(), this.#flow?.close()]);
    clearInterval(this.#looks);
    await this.refusals.stop();
    await this.dispatch.stop();
    await this.#checkpoint();
  }

  #onIngest(message: StreamMessage): void {
    const task = readTaskMessage(this.bundle, message);
    if ('failure' in task)
      return this.logger.alert('INVALID_FRAME', { subject: message.subject, seq: message.seq, failure: task.failure });
    const refusal = this.intake.refusalOf(task);
    if (refusal !== undefined) {
      this.board.close(task);
      return this.refusals.push(refusal);
    }
    const summary = summaryOf(task, this.#facts);
    const evaluation: Evaluation = {
      key: task.key,
      attempt: task.attempt,
      round: task.round,
      seq: task.seq,
      streamAt: task.streamAt,
      digest: task.digest,
      task: summary,
      ...(task.callerTrace === undefined ? {} : { callerTrace: task.callerTrace }),
      verdicts: new Map(),
      missing: new Map(),
      deniedAt: undefined,
    };
    this.board.add({ evaluation, body: task.body, flowSequence: this.#flow?.lastSequence ?? 0, decided: false });
    this.#looks ??= setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  #onFlow(message: StreamMessage): void {
    const [, lane, kind] = message.subject.split('.');
    if (kind === 'vd') return this.#onVerdicts(message);
    if (kind === 'rec')
      for (const { item } of this.frames.read(message, recordedItemSchema)) this.dispatch.recorded(item);
    else if (kind === 'ovd')
      for (const received of this.frames.read(message, screenedItemSchema)) this.screened.take(received.item);
    else this.logger.warn('a frame on an unknown subject', { subject: `flow.${lane ?? ''}` });
  }

  #onVerdicts(message: StreamMessage): void {
    const { complete, withdrawn } = this.verdicts.take(message);
    for (const opened of complete) this.dispatch.decide(opened);
    for (const item of withdrawn) this.#withdraw(item);
  }

  #withdraw(item: WithdrawItem): void {
    const key: TaskKey = { org: item.task.org, agent: item.task.agent, task: item.task.id };
    const opened = this.board.ofWithdrawal(item);
    if (opened !== undefined) takeWithdrawal(opened.evaluation, item.codes);
    this.dispatch
      .apply([{ key, attempt: item.attempt, event: { type: 'withdrawn', codes: item.codes } }])
      .catch((error: unknown) => this.logger.error('a withdrawal could not be applied', { task: key, error }));
  }

  /** Looks for evaluations that are due, as long as any is open. A verdict is called missing only after FLOW was read to the end that it had when the time was over. */
  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const now = this.clock.now();
      const { sure, late } = this.board.ready(now);
      for (const opened of sure) this.dispatch.decide(opened);
      if (late.length > 0 && (await this.#flow?.caughtUp()) === true)
        for (const opened of late) this.dispatch.decide(opened);
    } catch (error) {
      this.logger.warn('due evaluations could not be looked at', { error });
    } finally {
      this.#looking = false;
      if (this.board.size === 0) {
        clearInterval(this.#looks);
        this.#looks = undefined;
      }
    }
  }

  async #everySecond(): Promise<void> {
    try {
      const now = this.clock.now();
      this.board.sweep(now);
      this.intake.sweep(now);
    } catch (error) {
      this.logger.warn('what is over could not be forgotten', { error });
    }
    await this.#checkpoint();
  }

  async #checkpoint(): Promise<void> {
    try {
      await this.checkpoints.note(
        { ing: this.#ing?.lastSequence ?? 0, flow: this.#flow?.lastSequence ?? 0 },
        this.board.floor(),
      );
    } catch (error) {
      this.logger.warn('no checkpoint could be written', { error });
    }
  }
}
