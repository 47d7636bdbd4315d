import { canonicalJson, formatInstant, utf8 } from '@countersign/primitives';
import {
  CONTROLS,
  eventIdOf,
  kindOfTransition,
  traceIdOf,
  transitionQualifier,
  type Facts,
  type TaskKey,
  type TransitionItem,
} from '@countersign/contracts';

/** What one entry of a chain says, before it has its place. Only identifiers, codes, digests, versions and amounts: no free text, no personal datum. */
export interface EntryDraft {
  readonly org: string;
  readonly eventId: string;
  readonly type: string;
  readonly agent: string;
  readonly task: string;
  readonly attempt: number;
  readonly round: number;
  /** The stream's timestamp in ms, so that a replay makes the same bytes. */
  readonly at: number;
  readonly content: Readonly<Record<string, unknown>>;
}

/** A submission or a later round as audit sees it. */
export interface SubmissionFacts {
  readonly key: TaskKey;
  readonly attempt: number;
  readonly round: number;
  readonly at: number;
  readonly digest: string;
  readonly valid: boolean;
  readonly taskType?: string;
  readonly target?: string;
  /** SHA-256(salt ‖ body): the body itself is not in the chain. */
  readonly payload: string;
}

/** The type of a submission's entry. */
export const SUBMITTED = 'submitted';

/** Draft of the entry of a submission or a round. */
export function submissionDraft(facts: SubmissionFacts): EntryDraft {
  const { key, attempt, round, at, digest, valid, taskType, target, payload } = facts;
  const evaluation = { key, attempt, round };
  const content = {
    actor: { kind: 'agent', id: key.agent },
    valid,
    inputDigest: digest,
    payload,
    trace: traceIdOf(evaluation),
    ...(taskType === undefined ? {} : { taskType }),
    ...(target === undefined ? {} : { target }),
  };
  return {
    org: key.org,
    eventId: eventIdOf(evaluation, SUBMITTED),
    type: SUBMITTED,
    agent: key.agent,
    task: key.task,
    attempt,
    round,
    at,
    content,
  };
}

/** Draft of the entry of a transition. */
export function transitionDraft(item: TransitionItem, at: number): EntryDraft {
  const key = { org: item.task.org, agent: item.task.agent, task: item.task.id };
  const evaluation = { key, attempt: item.attempt, round: item.round };
  const common = { actor: actorOf(item), inputDigest: item.digest, trace: traceIdOf(evaluation) };
  return {
    org: key.org,
    eventId: eventIdOf(evaluation, item.type, transitionQualifier(item)),
    type: kindOfTransition(item),
    agent: key.agent,
    task: key.task,
    attempt: item.attempt,
    round: item.round,
    at,
    content: { ...common, ...contentOf(item) },
  };
}

function actorOf(item: TransitionItem): object {
  if (item.type === 'approval') return { kind: 'person', id: item.by };
  return item.type === 'moved' && item.actor !== undefined
    ? { kind: 'person', id: item.actor }
    : { kind: 'service', id: 'dispatcher' };
}

function contentOf(item: TransitionItem): Readonly<Record<string, unknown>> {
  switch (item.type) {
    case 'decided':
      return {
        decision: item.decision,
        codes: item.codes.map(withoutUndefined),
        primary: item.primary ?? null,
        ...factsOf(item.facts),
        deliverDigest: item.deliverDigest ?? null,
        actionDigest: item.actionDigest ?? null,
        verdicts: Object.fromEntries(
          CONTROLS.flatMap((control) =>
            item.verdicts[control] === undefined ? [] : [[control, item.verdicts[control].leaf]],
          ),
        ),
      };
    case 'claimed':
      return { grant: item.grant, target: item.to.agent, targetOrg: item.to.org };
    case 'resulted':
      return { outputDigest: item.digest, resultSequence: item.seq, models: item.usage.map((use) => use.model) };
    case 'finished':
      return {
        state: item.state,
        code: item.code ?? null,
        codes: item.codes.map(withoutUndefined),
        claimed: item.claimed,
        costMicros: item.chargedMicros ?? null,
        outputDigest: item.outputDigest ?? null,
        ...factsOf(item.facts),
      };
    case 'moved':
      return { to: item.to, cause: item.cause };
    case 'approval':
      return {
        number: item.number,
        stage: item.stage,
        askedBy: item.org,
        decision: item.decision,
        unsafe: item.unsafe ?? false,
        actionDigest: item.actionDigest,
      };
    case 'corrected':
      return {
        costMicros: item.chargedMicros,
        models: item.usage.map((use) => use.model),
        outputDigest: item.outputDigest ?? null,
      };
  }
}

function factsOf(facts: Facts): Readonly<Record<string, unknown>> {
  return {
    agentLevel: facts.client?.level ?? null,
    agentScore: facts.client?.score ?? null,
    targetLevel: facts.targetTrust?.level ?? null,
    targetScore: facts.targetTrust?.score ?? null,
    taskType: facts.taskType ?? null,
    target: facts.target?.agent ?? null,
    targetOrg: facts.target?.org ?? null,
    connection: facts.connection ?? null,
    clause: facts.clause ?? null,
    estimateMicros: facts.estimateMicros ?? null,
    priceBookVersion: facts.priceBookVersion ?? null,
    versions: withoutUndefined(facts.versions ?? {}),
    guardrails: facts.guardrails ?? [],
    missing: facts.missing ?? null,
  };
}

function withoutUndefined<T extends object>(value: T): object {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined));
}

/** Where an entry stands: its index, and the leaf of the one before it. */
export interface EntryPlace {
  readonly position: number;
  readonly prev: string;
}

/** The canonical bytes (RFC 8785) of an entry at its place: what is stored, hashed and chained. */
export function headerBytes(draft: EntryDraft, place: EntryPlace): Buffer {
  const { org, eventId, type, agent, task, attempt, round, at, content } = draft;
  return utf8(
    canonicalJson({
      ...content,
      v: 1,
      org,
      seq: place.position,
      at: formatInstant(at),
      id: eventId,
      type,
      agent,
      task,
      attempt,
      round,
      userRef: null,
      root: task,
      parent: null,
      prev: place.prev,
    }),
  );
}
