import type { Result } from '@countersign/primitives';
import type {
  ApprovalFacts,
  Estimate,
  EstimateFailure,
  OrganizationPolicy,
  Policy,
  PolicyRecord,
  VerdictItem,
} from '@countersign/contracts';
import { denial, type Judgement, type TaskMessage } from '@countersign/bus';
import type { TaskFacts, TaskParties } from '@countersign/service-host';
import { formatInstant } from '@countersign/primitives';
import type { PolicyQuestion } from '../../application/decide-policies.js';
import { smallest } from '../../domain/effective-policy.js';
import type { PoliciesInForce, PolicyDecision } from '../../domain/model.js';
import { tellClauses, tellEffective } from '../../domain/tell.js';
import { unsupportedTaskFields } from '../../domain/unsupported.js';

type Records = ReturnType<TaskFacts['policies']>;

/** A task that can be judged: the question, and what its verdict says beside the decision. */
export interface Asked {
  readonly question: PolicyQuestion;
  readonly records: Records;
  readonly estimate: Result<Estimate, EstimateFailure>;
}

/** What a task is judged by; a judgement where it cannot be judged at all. `now` in ms by the database's clock. */
export function askAbout(
  facts: TaskFacts,
  message: TaskMessage,
  now: number,
): { readonly asked: Asked } | { readonly judgement: Judgement } {
  if (!message.envelope.ok)
    return { judgement: denial({ code: message.envelope.error.code, clause: 10, side: 'client' }) };
  const { data } = message.envelope.value;
  const [unsupported] = unsupportedTaskFields(data);
  if (unsupported !== undefined)
    return {
      judgement: denial(
        { code: 'ENVELOPE_INVALID', clause: 10, side: 'client' },
        { field: `data.${unsupported}`, reason: 'not supported yet' },
      ),
    };
  const parties = facts.parties(message.key, data.target);
  if (parties === undefined) return { judgement: denial({ code: 'CONNECTION_NOT_FOUND', clause: 60, side: 'client' }) };
  const records = facts.policies(parties);
  const estimate = facts.estimate(message, data, parties);
  const { client, target, connection } = parties;
  const question: PolicyQuestion = {
    key: message.key,
    attempt: message.attempt,
    policies: inForce(records, parties),
    task: data,
    facts: {
      now,
      estimateMicros: estimate.ok ? estimate.value.estimateMicros : undefined,
      client: { org: client.org, agent: client.agent },
      target: { org: target.org, agent: target.agent },
      connection: connection.connection,
      mayOriginate: client.mayOriginate,
    },
  };
  return { asked: { question, records, estimate } };
}

/** The documents of those records with the surface and share between the parties. */
export function inForce(records: Records, { clientOrg, targetOrg, target, connection }: TaskParties): PoliciesInForce {
  return {
    clientOrg: orgDocument(records.clientOrg),
    targetOrg: orgDocument(records.targetOrg),
    client: document(records.client),
    connection: document(records.connection),
    targetSurface: target.surface,
    shareTaskTypes: connection.share?.taskTypes ?? null,
    foreignTarget: clientOrg.org !== targetOrg.org,
  };
}

const orgDocument = (record: PolicyRecord | undefined): OrganizationPolicy | undefined =>
  record?.kind === 'org' ? record.document : undefined;
const document = (record: PolicyRecord | undefined): Policy | undefined =>
  record === undefined || record.kind === 'org' ? undefined : record.document;

const DECISIONS = { ALLOW: 'APPROVE', DENY: 'DENY', REQUIRE_APPROVAL: 'ESCALATE' } as const;

/** The verdict on a task: the decision, every clause, the effective policy, whose versions they were, and what an approval has to know of them. */
export function judgementOf(decision: PolicyDecision, { records, estimate }: Asked): Judgement {
  const { grant, nextOpenAt, retryAfterMs } = decision;
  return {
    decision: DECISIONS[decision.decision],
    codes: decision.codes,
    details: detailsOf(decision),
    versions: versionsOf(records),
    approval: approvalFactsOf(decision, records),
    ...(grant === undefined ? {} : { grant }),
    ...(nextOpenAt === undefined ? {} : { nextOpenAt: formatInstant(nextOpenAt) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(estimate.ok
      ? {
          estimateMicros: estimate.value.estimateMicros.toString(),
          priceBookVersion: estimate.value.priceBookVersion,
        }
      : {}),
  };
}

function detailsOf(decision: PolicyDecision): VerdictItem['details'] {
  const { effective, fault } = decision;
  return {
    clauses: tellClauses(decision).map((clause) => ({ ...clause })),
    ...(effective === undefined ? {} : { effective: { ...tellEffective(effective) } }),
    ...(fault === undefined ? {} : { fault: { ...fault } }),
  };
}

const recordsOf = (records: Records): readonly (readonly [string, PolicyRecord])[] =>
  Object.entries(records).flatMap(([level, record]) => (record === undefined ? [] : [[level, record] as const]));

/** Which version of each level's document it is. */
export function versionsOf(records: Records): Record<string, number> {
  return Object.fromEntries(recordsOf(records).map(([level, record]) => [level, record.policyVersion]));
}

function approvalFactsOf({ effective }: PolicyDecision, records: Records): ApprovalFacts {
  const threshold = effective === undefined ? undefined : smallest(effective.approvalAbove);
  return {
    ...(threshold === undefined ? {} : { thresholdMicros: threshold.toString() }),
    authors: recordsOf(records).map(([level, { author, at }]) => ({ level, by: author, at })),
  };
}
