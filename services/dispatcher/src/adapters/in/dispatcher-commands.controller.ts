import { Controller } from '@nestjs/common';
import { formatInstant } from '@countersign/primitives';
import {
  COMMANDS,
  type AnswerOf,
  type Facts,
  type ParsedRequestOf,
  type TaskRow,
  type TaskState,
} from '@countersign/contracts';
import { CommandRefused, OnCommand, type CommandContext } from '@countersign/bus';
import { Dispatch } from '../../application/dispatch.js';
import { EvaluationBoard } from '../../application/evaluation-board.js';
import type { ApprovalRequest, AskedReason } from '../../domain/approval-request.js';
import { attemptPart } from '../../domain/attempt-part.js';
import type { TaskRecord } from '../../domain/model.js';
import type { RowEvent } from '../../domain/row-events.js';
import { BlockStore } from '../out/block.store.js';
import { INSTALLATION } from '../out/claim-locks.js';
import type { StoredTask } from '../../application/ports.js';
import { TaskStore } from '../out/task.store.js';

const { dispatcher } = COMMANDS;

/** Commands on tasks and blocks. */
@Controller()
export class DispatcherCommands {
  constructor(
    private readonly store: TaskStore,
    private readonly dispatch: Dispatch,
    private readonly board: EvaluationBoard,
    private readonly blocks: BlockStore,
  ) {}

  @OnCommand(dispatcher.cancel)
  async cancel(
    { task }: ParsedRequestOf<typeof dispatcher.cancel>,
    { actor }: CommandContext,
  ): Promise<{ state: TaskState }> {
    const event: RowEvent = { type: 'cancel', actor: `${actor.kind}:${actor.id}`, code: 'CANCELLED_BY_USER' };
    let row = await this.store.find(task);
    while (row !== undefined) {
      const { attempt }: TaskRecord = row.record;
      const [changed] = await this.dispatch.apply([{ key: task, attempt, event }]);
      if (changed !== undefined) return { state: changed.record.state };
      row = await this.store.find(task);
      // an attempt that was replaced meanwhile takes the cancelling with it: the one that goes on is meant
      if (row?.record.attempt === attempt) return { state: row.record.state };
    }
    throw new CommandRefused(
      this.board.find(task) === undefined ? 'TASK_NOT_FOUND' : 'TEMPORARILY_UNAVAILABLE',
      'the task has no decision to be cancelled yet',
      'task',
    );
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
      covered: record.covered.map((reason) => reasonAsToldTo(record.key.org, reason)),
      approvals: (record.requests ?? []).map((request) => requestAsToldTo(record.key.org, request)),
      grant: record.grant ?? null,
      facts: withoutAuthors(record.facts),
      chargedMicros: record.chargedMicros ?? null,
      answeredAt: row.answeredAt === undefined ? null : formatInstant(row.answeredAt),
      endedAt: record.endedAt === undefined ? null : formatInstant(record.endedAt),
      record: record.record ?? null,
      attempts: attempts.map((stored) => attemptPart(stored.record)),
    };
    return { found: true, part: JSON.parse(JSON.stringify(part)) as AnswerOf<typeof dispatcher.explain>['part'] };
  }
}

/** Of what another organisation was asked its people are not named, nor the rules that asked. */
function requestAsToldTo(org: string, request: ApprovalRequest): object {
  const { reasons, decisions, ...rest } = request;
  return {
    ...rest,
    reasons: reasons.map((reason) => reasonAsToldTo(org, reason)),
    decisions: decisions.map(({ person, ...decision }) => (request.org === org ? { person, ...decision } : decision)),
  };
}

function reasonAsToldTo(org: string, { id, ...reason }: AskedReason): object {
  return id === undefined || reason.org !== org ? reason : { ...reason, id };
}

/** Who wrote which policy, and above what amount it asks, is for the rules of approval: half of it may be another organisation's. */
function withoutAuthors({ approval: _approval, ...facts }: Facts): Facts {
  return facts;
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
    ...((state === 'AWAITING_APPROVAL' || state === 'AWAITING_OUTPUT_APPROVAL') && timerAt !== undefined
      ? { expiresAt: formatInstant(timerAt) }
      : {}),
  };
}
