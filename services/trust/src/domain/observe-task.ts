import {
  eventIdOf,
  type AgentRef,
  type FinishedItem,
  type ReasonCode,
  type TaskKey,
  type TrustLevel,
} from '@countersign/contracts';
import { NEGATIVE_KINDS, type NegativeKindName, type Observation, type ObservationKind } from './observation.js';

/** An observation with the agent that it is about. */
export interface ChargedObservation {
  readonly agent: AgentRef;
  readonly taskId: string;
  readonly attempt: number;
  readonly observation: Observation;
}

/** Who was part of a task: owner groups, and how long the target may take. */
export interface TaskParticipants {
  readonly clientOwner: string;
  readonly target: AgentRef | undefined;
  readonly targetOwner: string | undefined;
  readonly maxRunSeconds: number | undefined;
}

const SCOPE: NegativeKindName = 'POLICY_SCOPE_VIOLATION';

/** What a denial for a code says of the client. A code that is not here is no observation: faults of the platform, too little trust, expired approvals … */
const BY_CODE: Partial<Record<ReasonCode, NegativeKindName>> = {
  CONNECTION_NOT_FOUND: SCOPE,
  DOWNSTREAM_NOT_ALLOWED: SCOPE,
  EXPLICIT_DENY: SCOPE,
  TASK_TYPE_NOT_ALLOWED: SCOPE,
  TASK_TYPE_FORBIDDEN_BY_TARGET: SCOPE,
  MODEL_NOT_ALLOWED: SCOPE,
  TOOL_NOT_ALLOWED: SCOPE,
  DATA_STORE_NOT_ALLOWED: SCOPE,
  DATA_CLASS_NOT_ALLOWED: SCOPE,
  COST_PER_REQUEST_EXCEEDED: SCOPE,
  HOP_LIMIT_EXCEEDED: SCOPE,
  DELEGATION_CYCLE: SCOPE,
  FAN_OUT_EXCEEDED: SCOPE,
  TREE_SIZE_EXCEEDED: SCOPE,
  OUTSIDE_TIME_WINDOW: 'WINDOW_VIOLATION',
  RATE_LIMITED: 'RATE_LIMITED',
  BUDGET_ORG_EXHAUSTED: 'SPEND_CAP_HIT',
  BUDGET_AGENT_EXHAUSTED: 'SPEND_CAP_HIT',
  BUDGET_CONNECTION_EXHAUSTED: 'SPEND_CAP_HIT',
};

/** How a guardrail names what it blocked: `<guardrail>:<category>:<instruction|data>`. Whoever relays another's text is charged little. */
function blockedKind(id: string | undefined): NegativeKindName {
  const [, category, origin] = (id ?? '').split(':');
  if (category === 'PROMPT_INJECTION') return origin === 'instruction' ? 'INJECTION_SENT' : 'INJECTION_RELAYED';
  return origin === 'instruction' ? 'INPUT_BLOCKED' : 'INPUT_RELAYED';
}

/** What the end of a task says of its client and target: at most one observation for each, the heaviest. Sandboxes say nothing. */
export function observeTask(
  item: FinishedItem,
  participants: TaskParticipants,
  at: number,
): readonly ChargedObservation[] {
  if (item.facts.sandbox === true) return [];
  const key: TaskKey = { org: item.task.org, agent: item.task.agent, task: item.task.id };
  switch (item.state) {
    case 'COMPLETED':
      return isClean(item) ? bothClean(item, key, participants, at) : [];
    case 'DENIED':
      return clientCharge(item, key, participants, at);
    case 'FAILED':
      return targetCharge(item, key, { participants, at, kind: 'TASK_FAILED' });
    case 'EXPIRED':
      return item.code === 'RESULT_TIMEOUT' && hadTime(item, participants, at)
        ? targetCharge(item, key, { participants, at, kind: 'TASK_TIMEOUT' })
        : [];
    case 'QUARANTINED':
      return item.code === 'GUARDRAIL_BLOCKED'
        ? targetCharge(item, key, { participants, at, kind: 'OUTPUT_BLOCKED' })
        : [];
    case 'CANCELLED':
      return [];
  }
}

function isClean({ facts }: FinishedItem): boolean {
  return (facts.guardrails ?? []).every((g) => g.outcome === 'NOT_TRIGGERED');
}

function hadTime({ facts }: FinishedItem, { maxRunSeconds }: TaskParticipants, at: number): boolean {
  return maxRunSeconds !== undefined && facts.deadline !== undefined && at - Date.parse(facts.deadline) >= 0;
}

interface Side {
  readonly kind: ObservationKind;
  readonly counterparty: string;
  readonly level: TrustLevel | undefined;
  readonly code?: string;
}

function observation(
  item: FinishedItem,
  key: TaskKey,
  side: Side & { readonly role: 'client' | 'target'; readonly at: number },
): Observation {
  const { kind, counterparty, level, code, role, at } = side;
  const id = eventIdOf({ key, attempt: item.attempt, round: 1 }, `observation:${role}`);
  return {
    id,
    kind,
    at,
    observerOrg: key.org,
    counterparty,
    ...(level === undefined ? {} : { counterpartyLevel: level }),
    ...(item.facts.connection === undefined ? {} : { connection: item.facts.connection }),
    ...(code === undefined ? {} : { code }),
    ...(kind === 'TASK_CLEAN' ? {} : { value: item.facts.taskType ?? '' }),
  };
}

function bothClean(
  item: FinishedItem,
  key: TaskKey,
  { clientOwner, target, targetOwner }: TaskParticipants,
  at: number,
): readonly ChargedObservation[] {
  if (target === undefined || targetOwner === undefined) return [];
  const { client, targetTrust } = item.facts;
  const head = { taskId: key.task, attempt: item.attempt };
  return [
    {
      agent: { org: key.org, agent: key.agent },
      ...head,
      observation: observation(item, key, {
        kind: 'TASK_CLEAN',
        counterparty: targetOwner,
        level: targetTrust?.level,
        role: 'client',
        at,
      }),
    },
    {
      agent: target,
      ...head,
      observation: observation(item, key, {
        kind: 'TASK_CLEAN',
        counterparty: clientOwner,
        level: client?.level,
        role: 'target',
        at,
      }),
    },
  ];
}

function clientCharge(
  item: FinishedItem,
  key: TaskKey,
  { targetOwner }: TaskParticipants,
  at: number,
): readonly ChargedObservation[] {
  let heaviest: { readonly kind: NegativeKindName; readonly code: ReasonCode } | undefined;
  for (const { code, id } of item.codes) {
    const kind = code === 'GUARDRAIL_BLOCKED' ? blockedKind(id) : BY_CODE[code];
    if (
      kind !== undefined &&
      (heaviest === undefined || NEGATIVE_KINDS[kind].weight > NEGATIVE_KINDS[heaviest.kind].weight)
    )
      heaviest = { kind, code };
  }
  if (heaviest === undefined) return [];
  return [
    {
      agent: { org: key.org, agent: key.agent },
      taskId: key.task,
      attempt: item.attempt,
      observation: observation(item, key, {
        ...heaviest,
        counterparty: targetOwner ?? '',
        level: item.facts.targetTrust?.level,
        role: 'client',
        at,
      }),
    },
  ];
}

function targetCharge(
  item: FinishedItem,
  key: TaskKey,
  {
    participants,
    at,
    kind,
  }: { readonly participants: TaskParticipants; readonly at: number; readonly kind: NegativeKindName },
): readonly ChargedObservation[] {
  if (participants.target === undefined) return [];
  const charged = observation(item, key, {
    kind,
    counterparty: participants.clientOwner,
    level: item.facts.client?.level,
    code: item.code ?? kind,
    role: 'target',
    at,
  });
  return [{ agent: participants.target, taskId: key.task, attempt: item.attempt, observation: charged }];
}
