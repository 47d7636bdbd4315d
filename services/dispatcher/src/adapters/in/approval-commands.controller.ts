import { Controller } from '@nestjs/common';
import { formatInstant, parseInstant } from '@countersign/primitives';
import { COMMANDS, type AnswerOf, type ParsedRequestOf, type PendingApproval } from '@countersign/contracts';
import { CommandRefused, OnCommand, type CommandContext } from '@countersign/bus';
import { ApprovalRequests, type WaitingCursor, type WaitingRequest } from '../../application/approval-ports.js';
import { pageOfApprovals } from '../../application/approval-page.js';
import { DecideApprovals, type CommandedDecision } from '../../application/decide-approvals.js';
import { KnownApprovers } from '../../application/known-approvers.js';

const { dispatcher } = COMMANDS;
type Cursor = NonNullable<ParsedRequestOf<typeof dispatcher.approvals>['after']>;
type Many = ParsedRequestOf<typeof dispatcher.approveMany>;
type Result = AnswerOf<typeof dispatcher.approveMany>['results'][number];

/** Requests that one answer is made of at most. */
const PAGE = 500;

/** Commands of people about what waits for them. */
@Controller()
export class ApprovalCommands {
  constructor(
    private readonly decisions: DecideApprovals,
    private readonly requests: ApprovalRequests,
    private readonly approvers: KnownApprovers,
  ) {}

  @OnCommand(dispatcher.approve)
  async approve(
    { comment, ...shown }: ParsedRequestOf<typeof dispatcher.approve>,
    context: CommandContext,
  ): Promise<AnswerOf<typeof dispatcher.approve>> {
    const decision = { decision: 'APPROVE', unsafe: false, bulk: false } as const;
    return this.decisions.decide({ ...shown, ...decision, comment }, context);
  }

  @OnCommand(dispatcher.reject)
  async reject(
    { comment, unsafe = false, ...shown }: ParsedRequestOf<typeof dispatcher.reject>,
    context: CommandContext,
  ): Promise<AnswerOf<typeof dispatcher.reject>> {
    return this.decisions.decide({ ...shown, decision: 'REJECT', unsafe, bulk: false, comment }, context);
  }

  @OnCommand(dispatcher.approveMany)
  async approveMany(
    { items, comment }: Many,
    context: CommandContext,
  ): Promise<AnswerOf<typeof dispatcher.approveMany>> {
    const results: Result[] = [];
    const decision = { decision: 'APPROVE', unsafe: false, bulk: true } as const;
    for (const shown of items) results.push(await this.#one({ ...shown, ...decision, comment }, context));
    return { results };
  }

  @OnCommand(dispatcher.approvals)
  async approvals({
    org,
    after,
  }: ParsedRequestOf<typeof dispatcher.approvals>): Promise<AnswerOf<typeof dispatcher.approvals>> {
    const cursor = after === undefined ? undefined : readCursor(after);
    // one more, to know whether there is more
    const waiting = await this.requests.waiting(org, { after: cursor, most: PAGE + 1 });
    const { requests, left, taken } = pageOfApprovals(waiting.slice(0, PAGE).map((each) => this.#shown(each)));
    const last = taken < waiting.length ? waiting[taken - 1] : undefined;
    return { requests: [...requests], left, ...(last === undefined ? {} : { next: cursorOf(last) }) };
  }

  /** What is refused is that item's alone; what breaks down ends the call, and all of it may be sent again. */
  async #one(decision: CommandedDecision, context: CommandContext): Promise<Result> {
    try {
      return { ok: true, ...(await this.decisions.decide(decision, context)) };
    } catch (error) {
      if (!(error instanceof CommandRefused)) throw error;
      return { ok: false, problem: { code: error.code, message: error.message } };
    }
  }

  #shown(waiting: WaitingRequest): PendingApproval {
    const { key: task, attempt, request, action, actionDigest } = waiting;
    const { round, stage, reasons, severity, required, decisions, requestedAt, expiresAt } = request;
    const { eligible, stuck } = this.approvers.outlook(waiting);
    return {
      task,
      attempt,
      round,
      stage,
      reasons: reasons.map(({ service, code, id }) => ({ service, code, ...(id === undefined ? {} : { id }) })),
      severity,
      actionDigest,
      action,
      required,
      approvedBy: decisions.map(({ person }) => this.approvers.nameOf(person)),
      eligible: eligible.map(({ operator, name }) => ({ operator, name })),
      stuck,
      requestedAt: formatInstant(requestedAt),
      expiresAt: formatInstant(expiresAt),
    };
  }
}

function cursorOf({ key: task, attempt, request: { round, stage, requestedAt } }: WaitingRequest): Cursor {
  return { requestedAt: formatInstant(requestedAt), task, attempt, round, stage };
}

function readCursor({ requestedAt, task: key, ...rest }: Cursor): WaitingCursor {
  return { requestedAt: parseInstant(requestedAt), key, ...rest };
}
