import { Injectable } from '@nestjs/common';
import type { TaskKey, TaskState } from '@countersign/contracts';
import { CommandRefused, type CommandContext } from '@countersign/bus';
import { Logger } from '@countersign/telemetry';
import { missingOf } from '../domain/approval-request.js';
import type { SaidDecision } from '../domain/approval-decision.js';
import { ApprovalRequests, type ArrivedDecision, type TakenDecision } from './approval-ports.js';
import { Dispatch } from './dispatch.js';
import { KnownApprovers } from './known-approvers.js';
import { Transitions } from './ports.js';

/** One decision as it was commanded. */
export interface CommandedDecision {
  readonly task: TaskKey;
  readonly attempt: number;
  readonly round: number;
  readonly actionDigest: string;
  readonly decision: 'APPROVE' | 'REJECT';
  readonly unsafe: boolean;
  readonly comment: string | undefined;
  readonly bulk: boolean;
}

/** Lets people decide on what waits for them; whatever follows is the dispatcher's. Programs, the installation's operator included, never decide. */
@Injectable()
export class DecideApprovals {
  constructor(
    private readonly requests: ApprovalRequests,
    private readonly approvers: KnownApprovers,
    private readonly dispatch: Dispatch,
    private readonly transitions: Transitions,
    private readonly logger: Logger,
  ) {}

  /** Takes one decision; throws CommandRefused when it does not count. */
  async decide(
    commanded: CommandedDecision,
    { actor, person }: Pick<CommandContext, 'actor' | 'person'>,
  ): Promise<{ readonly state: TaskState; readonly missing: number }> {
    const { task: key, attempt, round, actionDigest, decision, unsafe, bulk, comment } = commanded;
    if (person === undefined) {
      const why = 'only a person with a key of their own decides';
      await this.requests.noteBlocked({ key, attempt, round, actor: `${actor.kind}:${actor.id}`, why });
      throw this.#blocked({ key, attempt }, round, why);
    }
    const said: SaidDecision = { person, decision, unsafe, round, actionDigest, bulk };
    return this.#taken({ key, attempt, said, person, comment });
  }

  async #taken(arrived: ArrivedDecision): Promise<{ readonly state: TaskState; readonly missing: number }> {
    const stands = (person: string): boolean => this.approvers.stands(person);
    const registrars: Parameters<ApprovalRequests['decide']>[1]['registrars'] = (row) => this.approvers.registrars(row);
    const taken = await this.requests.decide(arrived, { registrars, stands });
    const { outcome, before, changed } = taken;
    if (outcome.kind === 'refused') {
      if (outcome.code !== 'APPROVAL_NOT_ELIGIBLE') throw new CommandRefused(outcome.code, outcome.message, 'task');
      throw this.#blocked(arrived, arrived.said.round, outcome.message);
    }
    if (outcome.kind === 'counted' && outcome.alerts)
      this.logger.alert('APPROVAL_FATIGUE', { org: arrived.person.org, subject: `user:${arrived.person.operator}` });
    this.#follow(taken);
    const state = changed?.record.state ?? before?.state;
    if (state === undefined) throw new Error('a decision counted without a row');
    return { state, missing: missingOf(outcome.request, stands) };
  }

  /** Of a decision that leaves the task waiting only the decision itself is announced. */
  #follow({ before, changed }: TakenDecision): void {
    if (changed === undefined) return;
    if (before?.state === changed.record.state) this.transitions.publish(changed.items);
    else this.dispatch.follow([changed]);
  }

  #blocked({ key, attempt }: Pick<ArrivedDecision, 'key' | 'attempt'>, round: number, why: string): CommandRefused {
    this.logger.warn('somebody who may not decide tried to', {
      task: key,
      attempt,
      round,
      code: 'APPROVAL_NOT_ELIGIBLE',
      failure: why,
    });
    return new CommandRefused('APPROVAL_NOT_ELIGIBLE', why, 'task');
  }
}
