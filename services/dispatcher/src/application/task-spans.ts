import { traceIdOf, type DecidedItem, type Evaluation as Round } from '@countersign/contracts';
import { rootSpanId, type SpanFact, type SpanLink } from '@countersign/telemetry';
import type { Evaluation, TaskRecord } from '../domain/model.js';
import { waitedFor } from '../domain/rounds-in-traces.js';
import type { Changed } from './ports.js';

/** Where the messages of tasks stand, with names in the place of ids. */
const SUBMISSIONS = 'ing.{p}.{s}.{org}.{agent}.{task}';
const ROUNDS = 'rnd.{p}.{s}.{org}.{agent}.{task}.{attempt}.{round}';
const RESULTS = 'res.{p}.{s}.{org}.{agent}.{grant}';
const NATS = { system: 'nats' } as const;

/** A round of a row as a trace. */
export function roundOf({ key, attempt }: TaskRecord, round: number): Round {
  return { key, attempt, round };
}

/** What a decision was taken on, as far as it is traced. */
type Judged = Pick<Evaluation, 'key' | 'attempt' | 'round' | 'streamAt' | 'verdicts'>;

/** The evaluation of a task that was denied before anybody's verdict. */
export function unjudged({ key, attempt, round, roundAt, acceptedAt }: TaskRecord): Judged {
  return { key, attempt, round, streamAt: roundAt ?? acceptedAt, verdicts: new Map() };
}

/** The message that the stream took: it has no length, and is there when the round begins. */
export function publicationSpan(evaluation: Judged): SpanFact {
  const submission = isFirst(evaluation);
  return {
    name: submission ? 'publish ing' : 'publish rnd',
    role: 'producer',
    evaluation,
    start: evaluation.streamAt,
    end: evaluation.streamAt,
    attributes: { ...NATS, operationType: 'send', destination: submission ? SUBMISSIONS : ROUNDS },
  };
}

/** The decision, linked to the span of every verdict that counted: from the moment the last of them was there. */
export function decisionSpan(evaluation: Judged, item: DecidedItem, record: TaskRecord, end: number): SpanFact {
  const verdicts = [...evaluation.verdicts.values()];
  const { facts } = record;
  return {
    name: item.decision,
    role: 'internal',
    evaluation,
    start: Math.max(evaluation.streamAt, ...verdicts.map(({ at }) => at)),
    end,
    attributes: {
      decision: item.decision,
      code: item.primary,
      clause: facts.clause,
      score: facts.client?.score,
      level: facts.client?.level,
      reservedMicros: facts.estimateMicros,
    },
    links: linksOf(evaluation),
  };
}

function linksOf(evaluation: Judged): readonly SpanLink[] {
  const traceId = traceIdOf(evaluation);
  return [...evaluation.verdicts.values()].flatMap(({ control, verdict: { span: spanId, decision, codes } }) =>
    spanId === undefined ? [] : [{ traceId, spanId, attributes: { control, decision, code: codes[0]?.code } }],
  );
}

/** The root of a round that is over. Later rounds and attempts link the first one; a span that the agent named is linked, never a parent. */
export function rootSpan({ record, before, evaluation }: Changed, round: Round, end: number): SpanFact {
  const began = evaluation?.streamAt ?? (record.round === round.round ? record.roundAt : before?.roundAt);
  const { connection, task, grant, state, primary, chargedMicros, callerTrace } = record;
  return {
    // what an agent writes is no name of a span until a control has approved of it
    name: connection === undefined ? 'invoke_agent' : `invoke_agent ${connection.agent}`,
    role: 'server',
    evaluation: round,
    id: rootSpanId(round),
    parent: null,
    start: began ?? record.acceptedAt,
    end,
    attributes: {
      operation: 'invoke_agent',
      target: connection?.agent,
      ...(grant === undefined ? {} : { taskType: task.taskType }),
      state,
      code: primary,
      chargedMicros,
      waitedMs: waitedFor(record, round.round),
      ...(isFirst(round) && callerTrace !== undefined
        ? { foreignTrace: callerTrace === 'invalid' ? 'invalid' : 'linked' }
        : {}),
    },
    links: [...firstRound(round), ...(isFirst(round) ? callerLink(callerTrace) : [])],
  };
}

function firstRound(round: Round): readonly SpanLink[] {
  if (isFirst(round)) return [];
  const first = { key: round.key, attempt: 1, round: 1 };
  return [{ traceId: traceIdOf(first), spanId: rootSpanId(first), attributes: { attempt: 1, round: 1 } }];
}

function callerLink(callerTrace: TaskRecord['callerTrace']): readonly SpanLink[] {
  if (callerTrace === undefined || callerTrace === 'invalid') return [];
  return [{ ...callerTrace, attributes: { foreignTrace: 'linked' } }];
}

function isFirst({ attempt, round }: Pick<Round, 'attempt' | 'round'>): boolean {
  return attempt === 1 && round === 1;
}

/** The time in which people were asked. */
export function approvalSpan(
  { record }: Changed,
  { since, ...evaluation }: Round & { readonly since: number },
  end: number,
): SpanFact {
  return {
    name: 'await approval',
    role: 'internal',
    evaluation,
    start: since,
    end,
    attributes: { state: record.state, code: record.primary, waitedMs: Math.max(0, end - since) },
  };
}

/** A result that was taken from its stream. */
export function resultSpan(record: TaskRecord, { start, end }: Pick<SpanFact, 'start' | 'end'>): SpanFact {
  return {
    name: 'process result',
    role: 'consumer',
    evaluation: record,
    start,
    end,
    attributes: {
      ...NATS,
      operationType: 'process',
      destination: RESULTS,
      consumer: 'dispatcher-res',
      state: record.state,
    },
  };
}
