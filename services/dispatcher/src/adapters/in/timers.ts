import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock, parseInstant } from '@countersign/primitives';
import { COMMANDS, isTerminal } from '@countersign/contracts';
import { CommandClient } from '@countersign/bus';
import { Database } from '@countersign/store';
import { Logger } from '@countersign/telemetry';
import { Dispatch } from '../../application/dispatch.js';
import { EvaluationBoard } from '../../application/evaluation-board.js';
import type { TaskRecord } from '../../domain/model.js';
import { Answers } from '../out/answers.js';
import { Rounds } from '../out/rounds.js';
import { ScreeningPublisher } from '../out/screening.publisher.js';
import { stuckIn } from '../out/task-rows.js';
import { TaskStore } from '../out/task.store.js';
import { TransitionPublisher } from '../out/transition.publisher.js';

const ROWS_MS = 250;
const REPAIR_MS = 5_000;
const MINUTE_MS = 60_000;
const BATCH = 200;
const UNRECORDED_FOR_MS = 10_000;

/** Timers of rows are rows: any replica looks, the row's lock decides. Also repairs what a crash has left between a commit and its effect. */
@Injectable()
export class Timers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #timers: NodeJS.Timeout[] = [];
  readonly #running = new Map<string, Promise<void>>();

  constructor(
    private readonly store: TaskStore,
    private readonly dispatch: Dispatch,
    private readonly board: EvaluationBoard,
    private readonly transitions: TransitionPublisher,
    private readonly rounds: Rounds,
    private readonly screening: ScreeningPublisher,
    private readonly answers: Answers,
    private readonly commands: CommandClient,
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    // a take-over: whatever a crash left is done before anything new is due
    this.#run('repair', () => this.#repair(0));
    this.#timers = [
      setInterval(() => this.#run('rows', () => this.#dueRows()), ROWS_MS).unref(),
      setInterval(() => this.#run('repair', () => this.#repair(UNRECORDED_FOR_MS)), REPAIR_MS).unref(),
      setInterval(() => this.#run('minute', () => this.#everyMinute()), MINUTE_MS).unref(),
    ];
  }

  /** Before what follows from rows is finished: what a timer changes last is told too. */
  async beforeApplicationShutdown(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#running.values());
  }

  #run(name: string, work: () => Promise<void>): void {
    if (this.#running.has(name)) return;
    const run = work()
      .catch((error: unknown) => this.logger.warn('a timer failed', { error }))
      .finally(() => this.#running.delete(name));
    this.#running.set(name, run);
  }

  async #dueRows(): Promise<void> {
    const due = await this.store.select(`t.timer_at < clock_timestamp() order by t.timer_at limit ${BATCH}`);
    await this.dispatch.apply(
      due.map(({ record }) => ({ key: record.key, attempt: record.attempt, event: { type: 'timer' } })),
    );
  }

  /** Publishes again what audit has not recorded, rounds that are not in the log, screening that was not asked for; answers again what was not answered. */
  async #repair(unrecordedFor: number): Promise<void> {
    await this.transitions.republish(unrecordedFor);
    for (const { record } of await this.store.select(`${stuckIn('EVALUATING')} limit ${BATCH}`))
      if (!this.board.has(record.key, record.attempt, record.round)) await this.rounds.publish(record);
    const unscreened = await this.store.select(`${stuckIn('SCREENING')} limit ${BATCH}`);
    await this.screening.request(unscreened.map(({ record }) => record));
    const unanswered = await this.store.select(
      `t.ended_at is not null and t.answered_at is null and t.record ->> 'replacedBy' is null and t.ended_at < clock_timestamp() - interval '5 seconds' and t.ended_at > clock_timestamp() - interval '1 hour'
       and (t.state <> 'COMPLETED' or not exists (select 1 from dispatcher.unrecorded u where u.org_id = t.org_id and u.agent_id = t.agent_id and u.task_id = t.task_id and u.kind = 'finished')) limit ${BATCH}`,
    );
    for (const { record } of unanswered) if (isTerminal(record.state)) this.answers.send(record);
  }

  async #everyMinute(): Promise<void> {
    await this.#endLostTasks();
    await this.database.system((tx) =>
      tx.query(`delete from dispatcher.usage_report where at < clock_timestamp() - interval '24 hours'`),
    );
    await this.database.system((tx) =>
      tx.query(
        `delete from dispatcher.body where at < clock_timestamp() - interval '24 hours' and not exists (select 1 from dispatcher.task t where t.org_id = body.org_id and t.agent_id = body.agent_id and t.task_id = body.task_id and (t.ended_at is null or t.ended_at > clock_timestamp() - interval '24 hours'))`,
      ),
    );
  }

  /** A submission that stands in the record without a decision long after its verdicts were due: the log is gone, and the task ends all the same. */
  async #endLostTasks(): Promise<void> {
    const { submissions } = await this.commands.call(COMMANDS.audit.open, {});
    const lost = submissions.filter(({ task }) => this.board.find(task) === undefined);
    const ends = lost.map(({ task: key, digest, at }): Omit<TaskRecord, 'endedAt'> => {
      const acceptedAt = parseInstant(at);
      const task = {
        taskType: '',
        target: '',
        deadline: acceptedAt,
        instance: undefined,
        models: null,
        tools: null,
        usesModels: false,
      };
      return {
        key,
        attempt: 1,
        round: 1,
        seq: 1,
        digest,
        task,
        acceptedAt,
        facts: { missing: { service: 'registry', cause: 'missing' } },
        covered: [],
        claim: 'NONE',
        state: 'DENIED',
        codes: [{ code: 'VERDICT_TIMEOUT' }],
        primary: 'VERDICT_TIMEOUT',
      };
    });
    if (ends.length > 0) this.logger.alert('LOG_TAIL_LOST', { count: ends.length, ms: this.clock.now() });
    this.dispatch.follow(await this.store.end(ends));
  }
}
