import { Injectable } from '@nestjs/common';
import { Random } from '@countersign/primitives';
import { itemNonce } from '@countersign/bus';
import { Database, type Tx } from '@countersign/store';
import {
  ApprovalRequests,
  type ArrivedDecision,
  type BlockedDecision,
  type DecisionWorld,
  type TakenDecision,
  type WaitingRequest,
} from '../../application/approval-ports.js';
import { decideRequest, type DecisionOutcome } from '../../domain/approval-decision.js';
import { itemsOfPersonDecision } from '../../domain/approval-items.js';
import { attemptText } from '../../domain/attempt.js';
import type { TaskRecord } from '../../domain/model.js';
import {
  approvalsOf,
  insertBlocked,
  insertDecision,
  lockPerson,
  readWaiting,
  writeRequests,
  type WaitingPage,
} from './approval-rows.js';
import { onBehalfOf } from './organizations.js';
import { clock, insertUnrecorded, lockRows, updateRows } from './task-rows.js';

const NO_TASK: DecisionOutcome = {
  kind: 'refused',
  code: 'TASK_NOT_FOUND',
  message: 'no task asks this organisation under this id',
};

/** Requests for approval in PostgreSQL. The row of the task is the truth; the tables beside it are written with it. */
@Injectable()
export class ApprovalStore extends ApprovalRequests {
  constructor(
    private readonly database: Database,
    private readonly random: Random,
  ) {
    super();
  }

  override async decide(decision: ArrivedDecision, world: DecisionWorld): Promise<TakenDecision> {
    const { key, person } = decision;
    return onBehalfOf(this.database, [key.org, person.org], async (tx, orgs) => {
      await lockPerson(tx, person.operator);
      const [rows, approvals, now] = await Promise.all([
        lockRows(tx, [decision]),
        approvalsOf(tx, person.org, person.operator),
        clock(tx),
      ]);
      const row = rows.get(attemptText(decision))?.record;
      if (row === undefined) return { outcome: NO_TASK, before: undefined, changed: undefined };
      const { stands } = world;
      const facts = { now, approvals, stands, registrars: world.registrars(row) };
      return this.#write(tx, orgs, { decision, row, now, outcome: decideRequest(row, decision.said, facts) });
    });
  }

  override async waiting(org: string, page: WaitingPage): Promise<readonly WaitingRequest[]> {
    return onBehalfOf(this.database, [org], (tx) => readWaiting(tx, org, page));
  }

  override async noteBlocked(blocked: BlockedDecision): Promise<void> {
    await onBehalfOf(this.database, [blocked.key.org], (tx) => insertBlocked(tx, blocked.key.org, blocked));
  }

  async #write(tx: Tx, orgs: readonly string[], { decision, row, now, outcome }: Judged): Promise<TakenDecision> {
    if (outcome.kind !== 'counted') {
      await noteIfBlocked(tx, decision, outcome);
      return { outcome, before: row, changed: undefined };
    }
    const { record, request } = outcome;
    const head = { nonce: () => itemNonce(this.random), now };
    const items = itemsOfPersonDecision(row, decision.said, outcome, head);
    // the decision refers to its request, which may have to be written first
    await writeRequests(tx, orgs, [{ before: row, after: record }]);
    await Promise.all([
      updateRows(tx, [record]),
      insertUnrecorded(tx, items),
      insertDecision(tx, decision, request, now),
    ]);
    return { outcome, before: row, changed: { record, items, before: row } };
  }
}

interface Judged {
  readonly decision: ArrivedDecision;
  readonly row: TaskRecord;
  readonly now: number;
  readonly outcome: DecisionOutcome;
}

async function noteIfBlocked(tx: Tx, decision: ArrivedDecision, outcome: DecisionOutcome): Promise<void> {
  if (outcome.kind !== 'refused' || outcome.code !== 'APPROVAL_NOT_ELIGIBLE') return;
  const { key, attempt, said, person } = decision;
  const actor = `user:${person.operator}`;
  await insertBlocked(tx, person.org, { key, attempt, round: said.round, actor, why: outcome.message });
}
