import { assertNever, parseInstant } from '@countersign/primitives';
import { eventIdOf, type AgentRef, type FinishedItem, type TaskKey } from '@countersign/contracts';
import { chargeOfClient, chargeOfOutput, type Charge } from './charges.js';
import { NEGATIVE_KINDS, type Observation } from './observation.js';

/** An observation with the agent that it is about. */
export interface ChargedObservation {
  readonly agent: AgentRef;
  readonly taskId: string;
  readonly attempt: number;
  /** Id of the event in the record that it came from. */
  readonly eventId: string;
  readonly observation: Observation;
}

/** Who was part of a task. */
export interface TaskParticipants {
  readonly clientOwner: string;
  readonly targetOwner: string | undefined;
  /** How long the target says it may take. */
  readonly maxRunSeconds: number | undefined;
  /** When the last attempt was handed over (ms). */
  readonly handedOverAt: number | undefined;
  /** Whether a share between the client's organisation and another exists or existed. */
  readonly shared: boolean;
}

/**
 * What the end of a task says of its client and target: at most one observation of an attempt for each, the heaviest; ids are derived, so a replay adds
 * nothing. Sandboxes say nothing. A control that met the task too late gave no verdict that counts, and so no code that stands here.
 */
export function observeTask(
  item: FinishedItem,
  participants: TaskParticipants,
  at: number,
): readonly ChargedObservation[] {
  if (item.facts.sandbox === true) return [];
  const seen = { item, participants, at };
  switch (item.state) {
    case 'COMPLETED':
      return isClean(item) ? cleanWork(seen) : [];
    case 'DENIED':
      return chargeTo(seen, 'client', chargeOfClient(item, participants.shared));
    case 'FAILED':
      return chargeTo(seen, 'target', { kind: 'TASK_FAILED', code: { code: 'TASK_FAILED' } });
    case 'EXPIRED':
      return hadTime(seen) ? chargeTo(seen, 'target', { kind: 'TASK_TIMEOUT', code: { code: 'RESULT_TIMEOUT' } }) : [];
    case 'QUARANTINED':
      return chargeTo(seen, 'target', chargeOfOutput(item));
    case 'CANCELLED':
      return [];
    default:
      return assertNever(item.state);
  }
}

/**
 * What a person's rejection would say: it counts only when that person called the request or the output unsafe, and that is told apart from the end of the task.
 * Before the release the client asked for it, after it the target made it.
 */
export function observeRejection(
  item: FinishedItem,
  participants: TaskParticipants,
  at: number,
): ChargedObservation | undefined {
  if (item.facts.sandbox === true || item.code !== 'APPROVAL_REJECTED') return undefined;
  if (observeTask(item, participants, at).length > 0) return undefined;
  const seen = { item, participants, at };
  const code = { code: 'APPROVAL_REJECTED' } as const;
  return item.state === 'QUARANTINED'
    ? charged(seen, 'target', { kind: 'OUTPUT_BLOCKED', code })[0]
    : charged(seen, 'client', { kind: 'APPROVAL_REJECTED', code })[0];
}

interface Seen {
  readonly item: FinishedItem;
  readonly participants: TaskParticipants;
  readonly at: number;
}

/** Clean is what no guardrail, on trial or not, had anything to say of, before and after. What is not known to be clean is not. */
function isClean({ facts, output }: FinishedItem): boolean {
  if (output?.outcome !== 'ALLOW' || facts.guardrails === undefined) return false;
  return [...facts.guardrails, ...output.guardrails].every(
    ({ outcome }) => outcome === 'NOT_TRIGGERED' || outcome === 'SKIPPED',
  );
}

/** Whether the target had all the time that it says it may take, between hand-over and deadline. */
function hadTime({ item, participants: { maxRunSeconds, handedOverAt } }: Seen): boolean {
  const { deadline } = item.facts;
  if (item.code !== 'RESULT_TIMEOUT' || maxRunSeconds === undefined) return false;
  if (deadline === undefined || handedOverAt === undefined) return false;
  return parseInstant(deadline) - handedOverAt >= maxRunSeconds * 1_000;
}

function cleanWork(seen: Seen): readonly ChargedObservation[] {
  const { target } = seen.item.facts;
  if (target === undefined || seen.participants.targetOwner === undefined) return [];
  return [charged(seen, 'client', { kind: 'TASK_CLEAN' }), charged(seen, 'target', { kind: 'TASK_CLEAN' })].flat();
}

function chargeTo(seen: Seen, role: 'client' | 'target', charge: Charge | undefined): readonly ChargedObservation[] {
  return charge === undefined ? [] : charged(seen, role, charge);
}

function charged(
  seen: Seen,
  role: 'client' | 'target',
  what: Charge | { readonly kind: 'TASK_CLEAN' },
): readonly ChargedObservation[] {
  const { item } = seen;
  const key: TaskKey = { org: item.task.org, agent: item.task.agent, task: item.task.id };
  const agent = role === 'client' ? { org: key.org, agent: key.agent } : item.facts.target;
  if (agent === undefined) return [];
  const observation: Observation = {
    id: eventIdOf({ key, attempt: item.attempt, round: 1 }, `observation:${role}`),
    kind: what.kind,
    at: seen.at,
    observerOrg: observerOf(item, 'code' in what ? what : undefined),
    ...otherSide(seen, role),
    ...(item.facts.connection === undefined ? {} : { connection: item.facts.connection }),
    ...('code' in what ? { code: what.code.code, value: valueOf(item, what) } : {}),
  };
  const eventId = eventIdOf({ key, attempt: item.attempt, round: item.round }, item.type);
  return [{ agent, taskId: key.task, attempt: item.attempt, eventId, observation }];
}

function otherSide({ item: { facts }, participants }: Seen, role: 'client' | 'target') {
  const level = role === 'client' ? facts.targetTrust?.level : facts.client?.level;
  return {
    counterparty: role === 'client' ? (participants.targetOwner ?? '') : participants.clientOwner,
    ...(level === undefined ? {} : { counterpartyLevel: level }),
  };
}

/** The organisation whose rule spoke: a rule of the target's organisation is a foreign observer to whoever belongs to the client's. */
function observerOf({ task, facts }: FinishedItem, charge: Charge | undefined): string {
  return charge?.code.side === 'target' && facts.target !== undefined ? facts.target.org : task.org;
}

/** What makes two violations of a day the same: out of scope and unfinished is a task type; else the rule that spoke, which no agent can vary at will. */
function valueOf({ facts }: FinishedItem, { kind, code }: Charge): string {
  const { bound } = NEGATIVE_KINDS[kind];
  const byType = kind === 'POLICY_SCOPE_VIOLATION' || bound === 'target';
  return byType ? (facts.taskType ?? '') : (code.id ?? '');
}
