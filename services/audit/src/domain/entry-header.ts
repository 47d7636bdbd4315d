import { assertNever } from '@countersign/primitives';
import {
  eventIdOf,
  kindOfTransition,
  traceIdOf,
  transitionQualifier,
  type Control,
  type FinishedItem,
  type TaskKey,
  type TransitionItem,
} from '@countersign/contracts';
import type { EntryDraft } from './entry-draft.js';
import { codesOf, factsOf, guardrailOf, spanHashesOf, versionsOf } from './header-facts.js';
import { checkVerdicts } from './verdict-lines.js';

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
  /** The task that it says it is part of. */
  readonly parent?: string;
  /** The bytes as they were submitted: sealed beside the entry, never in it. */
  readonly body: Buffer;
}

/** The type of a submission's entry. */
export const SUBMITTED = 'submitted';

/** Draft of the entry of a submission or a round. */
export function submissionDraft(facts: SubmissionFacts): EntryDraft {
  const { key, attempt, round, at, digest, valid, taskType, target, parent, body } = facts;
  const evaluation = { key, attempt, round };
  return {
    org: key.org,
    eventId: eventIdOf(evaluation, SUBMITTED),
    type: SUBMITTED,
    ...{ agent: key.agent, task: key.task, attempt, round, at },
    content: {
      actor: { kind: 'agent', id: key.agent },
      valid,
      inputDigest: digest,
      trace: traceIdOf(evaluation),
      taskType: taskType ?? null,
      target: target ?? null,
      parent: parent ?? null,
    },
    payload: { kind: 'submission', bytes: body },
  };
}

/** The entry of a transition, and the controls whose verdict line came with it but is not the one that was judged by. */
export interface TransitionEntry {
  readonly draft: EntryDraft;
  readonly mismatched: readonly Control[];
}

/** The entry of a transition. */
export function transitionEntry(item: TransitionItem, at: number): TransitionEntry {
  const key = { org: item.task.org, agent: item.task.agent, task: item.task.id };
  const evaluation = { key, attempt: item.attempt, round: item.round };
  const verdicts = item.type === 'decided' ? checkVerdicts(item) : undefined;
  const draft: EntryDraft = {
    org: key.org,
    eventId: eventIdOf(evaluation, item.type, transitionQualifier(item)),
    type: kindOfTransition(item),
    ...{ agent: key.agent, task: key.task, attempt: item.attempt, round: item.round, at },
    content: {
      actor: actorOf(item),
      inputDigest: item.digest,
      trace: traceIdOf(evaluation),
      ...contentOf(item),
      ...(verdicts === undefined ? {} : { verdicts: verdicts.compact }),
    },
    ...(verdicts?.payload === undefined ? {} : { payload: verdicts.payload }),
  };
  return { draft, mismatched: verdicts?.mismatched ?? [] };
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
        codes: codesOf(item.codes),
        primary: item.primary ?? null,
        ...factsOf(item.facts),
        deliverDigest: item.deliverDigest ?? null,
        actionDigest: item.actionDigest ?? null,
      };
    case 'claimed':
      return { grant: item.grant, target: item.to.agent, targetOrg: item.to.org };
    case 'resulted':
      return { outputDigest: item.digest, resultSequence: item.seq, models: item.usage.map((use) => use.model) };
    case 'finished':
      return {
        state: item.state,
        code: item.code ?? null,
        codes: codesOf(item.codes),
        claimed: item.claimed,
        costMicros: item.chargedMicros ?? null,
        outputDigest: item.outputDigest ?? null,
        ...factsOf(item.facts),
        ...outputOf(item),
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
    default:
      return assertNever(item);
  }
}

/** What output screening came to; hashes of what it found join those of the input. */
function outputOf({ output, facts }: FinishedItem): Readonly<Record<string, unknown>> {
  if (output === undefined) return { output: null };
  const { outcome, codes, guardrails, versions, transformedDigest } = output;
  return {
    output: {
      outcome,
      codes: codesOf(codes),
      guardrails: guardrails.map(guardrailOf),
      versions: versionsOf(versions),
      transformedDigest: transformedDigest ?? null,
    },
    spanHashes: spanHashesOf([...(facts.guardrails ?? []), ...guardrails]),
  };
}
