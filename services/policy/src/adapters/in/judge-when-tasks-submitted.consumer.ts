import { Controller } from '@nestjs/common';
import { Clock, type Result } from '@countersign/primitives';
import {
  type Estimate,
  type EstimateFailure,
  type OrganizationPolicy,
  type Policy,
  type PolicyRecord,
} from '@countersign/contracts';
import { denial, JudgeTasks, type Judgement, type TaskMessage } from '@countersign/bus';
import { ReadModels, TaskFacts, type TaskParties } from '@countersign/service-host';
import { evaluatePolicy } from '../../domain/evaluate-policy.js';
import type { PoliciesInForce, PolicyDecision } from '../../domain/model.js';
import { unsupportedTaskFields } from '../../domain/unsupported.js';

/** Gives policy's verdict on every task. */
@Controller()
export class JudgeWhenTasksSubmitted {
  readonly #facts: TaskFacts;

  constructor(
    models: ReadModels,
    private readonly clock: Clock,
  ) {
    this.#facts = new TaskFacts(models);
  }

  @JudgeTasks()
  async judge(tasks: readonly TaskMessage[]): Promise<readonly Judgement[]> {
    const now = this.clock.now();
    return tasks.map((task) => this.#judgeOne(task, now));
  }

  #judgeOne(message: TaskMessage, now: number): Judgement {
    if (!message.envelope.ok) return denial({ code: message.envelope.error.code, clause: 10, side: 'client' });
    const { data } = message.envelope.value;
    const [unsupported] = unsupportedTaskFields(data);
    if (unsupported !== undefined)
      return denial(
        { code: 'ENVELOPE_INVALID', clause: 10, side: 'client' },
        { field: `data.${unsupported}`, reason: 'not supported yet' },
      );
    const parties = this.#facts.parties(message.key, data.target);
    if (parties === undefined) return denial({ code: 'CONNECTION_NOT_FOUND', clause: 60, side: 'client' });
    const records = this.#facts.policies(parties);
    const estimate = this.#facts.estimate(message, data, parties);
    const facts = { now, estimateMicros: estimate.ok ? estimate.value.estimateMicros : undefined };
    const decision = evaluatePolicy(inForce(records, parties), data, facts);
    return {
      ...judgementOf(decision),
      versions: versionsOf(records),
      approval: approvalOf(records),
      ...estimated(estimate),
    };
  }
}

type Records = ReturnType<TaskFacts['policies']>;

function inForce(records: Records, { target }: TaskParties): PoliciesInForce {
  return {
    clientOrg: orgDocument(records.clientOrg),
    targetOrg: orgDocument(records.targetOrg),
    client: document(records.client),
    connection: document(records.connection),
    targetSurface: target.surface,
  };
}

const orgDocument = (record: PolicyRecord | undefined): OrganizationPolicy | undefined =>
  record?.kind === 'org' ? record.document : undefined;
const document = (record: PolicyRecord | undefined): Policy | undefined =>
  record === undefined || record.kind === 'org' ? undefined : record.document;

function versionsOf(records: Records): Record<string, number> {
  return Object.fromEntries(
    Object.entries(records).flatMap(([level, record]) => (record === undefined ? [] : [[level, record.policyVersion]])),
  );
}

/** What people who are asked to approve have to be told apart by: who wrote which version when; and the lowest threshold in force. */
function approvalOf(records: Records): NonNullable<Judgement['approval']> {
  const found = Object.entries(records).flatMap(([level, record]) => (record === undefined ? [] : [{ level, record }]));
  const [lowest] = found
    .flatMap(({ record }) => record.document.approvalAboveMicros ?? [])
    .sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  return {
    authors: found.map(({ level, record }) => ({ level, by: record.author, at: record.at })),
    ...(lowest === undefined ? {} : { thresholdMicros: lowest }),
  };
}

function estimated(
  estimate: Result<Estimate, EstimateFailure>,
): Pick<Judgement, 'estimateMicros' | 'priceBookVersion'> {
  return estimate.ok
    ? { estimateMicros: estimate.value.estimateMicros.toString(), priceBookVersion: estimate.value.priceBookVersion }
    : {};
}

const DECISIONS = { ALLOW: 'APPROVE', DENY: 'DENY', REQUIRE_APPROVAL: 'ESCALATE' } as const;

function judgementOf({ decision, codes, clauses, details, grant }: PolicyDecision): Judgement {
  return {
    decision: DECISIONS[decision],
    codes,
    details: { clauses, ...details },
    ...(grant === undefined ? {} : { grant }),
  };
}
