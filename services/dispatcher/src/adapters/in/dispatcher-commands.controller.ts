import { Controller } from '@nestjs/common';
import { formatInstant } from '@countersign/primitives';
import {
  COMMANDS,
  isTerminal,
  type AnswerOf,
  type ParsedRequestOf,
  type TaskKey,
  type TaskRow,
  type TaskState,
} from '@countersign/contracts';
import { CommandRefused, OnCommand, type CommandContext } from '@countersign/bus';
import { Dispatch } from '../../application/dispatch.js';
import { EvaluationBoard } from '../../application/evaluation-board.js';
import { attemptPart } from '../../domain/attempt-part.js';
import type { TaskRecord } from '../../domain/model.js';
import type { RowEvent } from '../../domain/row-events.js';
import { BlockStore } from '../out/block.store.js';
import { INSTALLATION } from '../out/claim-locks.js';
import type { StoredTask } from '../../application/ports.js';
import { TaskStore } from '../out/task.store.js';

const { dispatcher } = COMMANDS;
type Decision = ParsedRequestOf<typeof dispatcher.approve>;

/** Commands on tasks and blocks. */
@Controller()
export class DispatcherCommands {
  constructor(
    private readonly store: TaskStore,
    private readonly dispatch: Dispatch,
    private readonly board: EvaluationBoard,
    private readonly blocks: BlockStore,
  ) {}

  @OnCommand(dispatcher.approve)
  async approve(request: Decision, { actor }: CommandContext): Promise<{ state: TaskState }> {
    return this.#decide(request, {
      type: 'approved',
      actor: `${actor.kind}:${actor.id}`,
      round: request.round,
      actionDigest: request.actionDigest,
    });
  }

  @OnCommand(dispatcher.reject)
  async reject(request: Decision, { actor }: CommandContext): Promise<{ state: TaskState }> {
    return this.#decide(request, {
      type: 'rejected',
      actor: `${actor.kind}:${actor.id}`,
      round: request.round,
      actionDigest: request.actionDigest,
    });
  }

  @OnCommand(dispatcher.cancel)
  async cancel(
    { task }: ParsedRequestOf<typeof dispatcher.cancel>,
    { actor }: CommandContext,
  ): Promise<{ state: TaskState }> {
    const row = await this.store.find(task);
    if (row === undefined)
      throw new CommandRefused(
        this.board.find(task) === undefined ? 'TASK_NOT_FOUND' : 'TEMPORARILY_UNAVAILABLE',
        'the task has no decision to be cancelled yet',
        'task',
      );
    const event: RowEvent = { type: 'cancel', actor: `${actor.kind}:${actor.id}`, code: 'CANCELLED_BY_USER' };
    const [changed] = await this.dispatch.apply([{ key: task, attempt: row.record.attempt, event }]);
    return { state: (changed?.record ?? row.record).state };
  }

  @OnCommand(dispatcher.block)
  async block({
    kind,
    id,
    active,
    epoch,
    code,
  }: ParsedRequestOf<typeof dispatcher.block>): Promise<AnswerOf<typeof dispatcher.block>> {
    const inFlight = await this.blocks.put({
      kind,
      id: kind === 'KILL_SWITCH' && id === '' ? INSTALLATION : id,
      active,
      epoch,
      code,
    });
    if (!active) return { handedOver: [] };
    // a suspended connection lets what runs finish; a revoked agent or share and a kill switch end it
    if (kind !== 'CONNECTION')
      await this.dispatch.apply(
        inFlight.map(({ key, attempt }) => ({ key, attempt, event: { type: 'cancel', actor: 'registry', code } })),
      );
    return { handedOver: inFlight.map((record) => record.key) };
  }

  @OnCommand(dispatcher.tasks)
  async tasks({ tasks }: ParsedRequestOf<typeof dispatcher.tasks>): Promise<AnswerOf<typeof dispatcher.tasks>> {
    if (tasks.length === 0) return { rows: [] };
    return { rows: (await this.store.read(tasks.map(({ task, attempt }) => ({ key: task, attempt })))).map(rowOf) };
  }

  @OnCommand(dispatcher.list)
  async list({
    org,
    after,
    state,
    limit,
  }: ParsedRequestOf<typeof dispatcher.list>): Promise<AnswerOf<typeof dispatcher.list>> {
    const rows = await this.store.selectOf(
      org,
      't.org_id = $1 and ($2::timestamptz is null or t.updated_at > $2) and ($3::text is null or t.state = $3) order by t.accepted_at desc limit $4',
      [org, after ?? null, state ?? null, limit],
    );
    return { rows: rows.map(rowOf) };
  }

  @OnCommand(dispatcher.approvals)
  async approvals({
    org,
  }: ParsedRequestOf<typeof dispatcher.approvals>): Promise<AnswerOf<typeof dispatcher.approvals>> {
    const rows = await this.store.selectOf(
      org,
      `t.org_id = $1 and t.state = 'AWAITING_APPROVAL' order by t.accepted_at limit 500`,
      [org],
    );
    return {
      requests: rows.flatMap(({ record, updatedAt }) => {
        const { action, actionDigest, reasons, timerAt, key: task, attempt, round } = record;
        if (action === undefined || actionDigest === undefined || timerAt === undefined) return [];
        return [
          {
            task,
            attempt,
            round,
            reasons: [...(reasons ?? [])],
            actionDigest,
            action,
            requestedAt: formatInstant(updatedAt),
            expiresAt: formatInstant(timerAt),
          },
        ];
      }),
    };
  }

  @OnCommand(dispatcher.explain)
  async explain({ task }: ParsedRequestOf<typeof dispatcher.explain>): Promise<AnswerOf<typeof dispatcher.explain>> {
    const attempts = await this.store.attempts(task);
    const row = attempts.at(-1);
    if (row === undefined) return { found: false, part: {} };
    const { record } = row;
    const part = {
      state: record.state,
      attempt: record.attempt,
      round: record.round,
      claim: record.claim,
      code: record.primary ?? null,
      codes: record.codes.map((c) => ({ ...c })),
      acceptedAt: formatInstant(record.acceptedAt),
      covered: record.covered.map((c) => ({ ...c })),
      grant: record.grant ?? null,
      facts: record.facts,
      chargedMicros: record.chargedMicros ?? null,
      answeredAt: row.answeredAt === undefined ? null : formatInstant(row.answeredAt),
      endedAt: record.endedAt === undefined ? null : formatInstant(record.endedAt),
      record: record.record ?? null,
      attempts: attempts.map((stored) => attemptPart(stored.record)),
    };
    return { found: true, part: JSON.parse(JSON.stringify(part)) as AnswerOf<typeof dispatcher.explain>['part'] };
  }

  async #decide(request: Decision, event: RowEvent): Promise<{ state: TaskState }> {
    const [changed] = await this.dispatch.apply([{ key: request.task, attempt: request.attempt, event }]);
    if (changed !== undefined) return { state: changed.record.state };
    const row = await this.store.find(request.task);
    throw refusalOf(row?.record, request);
  }
}

/** Why a decision of a person changed nothing. */
function refusalOf(
  record: TaskRecord | undefined,
  request: { readonly task: TaskKey; readonly round: number; readonly actionDigest: string },
): CommandRefused {
  if (record === undefined)
    return new CommandRefused('TASK_NOT_FOUND', `there is no task ${request.task.task}`, 'task');
  if (isTerminal(record.state)) return new CommandRefused('NOT_FOUND', `the task has ended (${record.state})`, 'task');
  if (record.state !== 'AWAITING_APPROVAL')
    return new CommandRefused('NOT_FOUND', `the task does not wait for a person (${record.state})`, 'task');
  return new CommandRefused(
    'APPROVAL_STALE_DIGEST',
    'the request has changed or expired since it was shown; look at it again',
    'actionDigest',
  );
}

function rowOf({ record, acceptedAt, updatedAt }: StoredTask): TaskRow {
  const {
    key,
    attempt,
    round,
    state,
    primary,
    task,
    connection,
    claim,
    digest,
    actionDigest,
    facts,
    chargedMicros,
    timerAt,
  } = record;
  return {
    task: key,
    attempt,
    round,
    state,
    claim,
    digest,
    acceptedAt: formatInstant(acceptedAt),
    updatedAt: formatInstant(updatedAt),
    ...(primary === undefined ? {} : { code: primary }),
    ...(task.taskType === '' ? {} : { taskType: task.taskType }),
    ...(connection === undefined
      ? {}
      : { target: { org: connection.org, agent: connection.agent }, connection: connection.id }),
    ...(actionDigest === undefined ? {} : { actionDigest }),
    ...(facts.estimateMicros === undefined ? {} : { estimateMicros: facts.estimateMicros }),
    ...(chargedMicros === undefined ? {} : { chargedMicros }),
    ...(state === 'AWAITING_APPROVAL' && timerAt !== undefined ? { expiresAt: formatInstant(timerAt) } : {}),
  };
}
