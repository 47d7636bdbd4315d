import { formatInstant } from '@countersign/primitives';
import {
  CONTROLS,
  isTerminal,
  MAX_CODES,
  packLines,
  type CodeRef,
  type DecidedItem,
  type TransitionItem,
} from '@countersign/contracts';
import type { Evaluation, TaskRecord } from './model.js';
import { LATE_COST, type RowChange } from './row-events.js';

const MAX_LISTED = 100;

/** What every item starts with. */
export interface ItemHead {
  readonly nonce: () => string;
  readonly now: number;
}

function headOf(record: TaskRecord, { nonce, now }: ItemHead) {
  const { key, attempt, round, digest } = record;
  return {
    nonce: nonce(),
    task: { org: key.org, agent: key.agent, id: key.task },
    attempt,
    round,
    digest,
    at: formatInstant(now),
  };
}

/** The reasons in their order, as many as an item takes: with more nobody could read it, and neither record nor budget would hear of the decision. */
function codesOf({ codes }: TaskRecord): CodeRef[] {
  return codes.slice(0, MAX_CODES);
}

/** Items of a decision: what was decided, and of a denial the end in the same frame. */
export function itemsOfDecision(
  evaluation: Evaluation | undefined,
  record: TaskRecord,
  round: number,
  head: ItemHead,
): readonly TransitionItem[] {
  if (record.state === 'EVALUATING')
    return [{ type: 'moved', ...headOf(record, head), to: 'EVALUATING', cause: 'estimates differ' }];
  const decision = record.state === 'RELEASING' ? 'release' : record.state === 'AWAITING_APPROVAL' ? 'hold' : 'deny';
  const decided: DecidedItem = {
    type: 'decided',
    ...headOf(record, head),
    round,
    decision,
    codes: codesOf(record),
    ...verdictsOf(evaluation),
    facts: record.facts,
    ...(record.primary === undefined ? {} : { primary: record.primary }),
    ...(record.actionDigest === undefined ? {} : { actionDigest: record.actionDigest }),
    ...(record.deliverDigest === undefined ? {} : { deliverDigest: record.deliverDigest }),
  };
  return isTerminal(record.state) ? [decided, finishedItem(record, head)] : [decided];
}

/** The verdicts that counted: where each stands, and its line as it was signed. */
function verdictsOf(evaluation: Evaluation | undefined): Pick<DecidedItem, 'verdicts' | 'packedLines'> {
  const counted = CONTROLS.flatMap((control) => evaluation?.verdicts.get(control) ?? []);
  const lines = counted.flatMap(({ control, line }) => (line === undefined ? [] : [[control, line] as const]));
  return {
    verdicts: Object.fromEntries(counted.map(({ control, ref }) => [control, ref])),
    ...(lines.length === 0 ? {} : { packedLines: packLines(Object.fromEntries(lines)) }),
  };
}

/** Items of any later change of a row. */
export function itemsOfChange({ record, cause, actor, next }: RowChange, head: ItemHead): readonly TransitionItem[] {
  // a replaced attempt is closed by an item of its own and the next one opened by another; only the last attempt ends the task
  if (next !== undefined)
    return [
      { type: 'moved', ...headOf(record, head), to: record.state, cause },
      { type: 'moved', ...headOf(next, head), to: next.state, cause: `${cause}: ${next.retry?.strategy ?? 'again'}` },
    ];
  if (cause === LATE_COST) return correctedItem(record, head);
  if (isTerminal(record.state)) {
    const result = cause === 'failure report' || cause === 'result after cancel' ? resultedItem(record, head) : [];
    // who ended it stands in an item of its own: the end itself names no person
    const by: readonly TransitionItem[] =
      actor === undefined ? [] : [{ type: 'moved', ...headOf(record, head), to: record.state, cause, actor }];
    return [...result, ...by, finishedItem(record, head), ...correctedItem(record, head)];
  }
  if (record.state === 'DISPATCHED' && record.grantId !== undefined && record.connection !== undefined) {
    return [
      {
        type: 'claimed',
        ...headOf(record, head),
        grant: record.grantId,
        to: { org: record.connection.org, agent: record.connection.agent },
      },
    ];
  }
  if (record.state === 'SCREENING') return resultedItem(record, head);
  return [
    { type: 'moved', ...headOf(record, head), to: record.state, cause, ...(actor === undefined ? {} : { actor }) },
  ];
}

function resultedItem(record: TaskRecord, head: ItemHead): readonly TransitionItem[] {
  const { result } = record;
  return result === undefined
    ? []
    : [{ type: 'resulted', ...headOf(record, head), digest: result.digest, seq: result.seq, usage: [...result.usage] }];
}

/** A cost that was told after the end, as far as it can be said in money. */
function correctedItem(record: TaskRecord, head: ItemHead): readonly TransitionItem[] {
  const { late } = record;
  if (late?.chargedMicros === undefined) return [];
  return [
    {
      type: 'corrected',
      ...headOf(record, head),
      // the amount is of all of it; the list is for people
      usage: late.usage.slice(0, MAX_LISTED),
      chargedMicros: late.chargedMicros,
      ...(late.digest === undefined ? {} : { outputDigest: late.digest }),
    },
  ];
}

function finishedItem(record: TaskRecord, head: ItemHead): TransitionItem {
  if (!isTerminal(record.state)) throw new Error(`a task in ${record.state} has not ended`);
  return {
    type: 'finished',
    ...headOf(record, head),
    state: record.state,
    codes: codesOf(record),
    claimed: record.claim === 'CLAIMED',
    facts: record.facts,
    ...(record.primary === undefined ? {} : { code: record.primary }),
    ...(record.chargedMicros === undefined ? {} : { chargedMicros: record.chargedMicros }),
    ...(record.output === undefined ? {} : { output: record.output }),
    ...deliveredDigest(record),
  };
}

/** Digest of what the caller gets: the transformed bytes where screening changed them. What is not delivered has its digest in `resulted` alone. */
function deliveredDigest({ state, result, output }: TaskRecord): { readonly outputDigest?: string } {
  if (state !== 'COMPLETED' || result === undefined) return {};
  return { outputDigest: output?.transformedDigest ?? result.digest };
}
