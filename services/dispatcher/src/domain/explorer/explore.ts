import { isTerminal } from '@countersign/contracts';
import type { Bug, Move } from './move.js';
import { movesOf } from './moves.js';
import type { TaskRecord } from '../model.js';
import { SUBMITTED, VOTERS, votesOpen, type World } from './world.js';

/** A broken promise, and the shortest way to it. */
export interface Violation {
  readonly promise: string;
  readonly trace: readonly string[];
}

/** What an exploration saw. */
export interface Exploration {
  readonly states: number;
  readonly moves: number;
  /** How many of the states are of a task that was tried again. */
  readonly secondAttempts: number;
  /** How often each end was reached: state and code. */
  readonly ends: ReadonlyMap<string, number>;
  /** Every transition that was seen, as `from > to`. */
  readonly transitions: ReadonlySet<string>;
  readonly violation: Violation | undefined;
}

interface Seen {
  readonly world: World;
  readonly from: string | undefined;
  readonly by: string;
}

/**
 * Walks through everything that can happen to one task, breadth first, with the very functions that run in production, and checks every promise on every
 * step; then, that from everywhere an end with closed money can still be reached.
 */
export function explore(bug?: Bug): Exploration {
  const seen = new Map<string, Seen>([[keyOf(SUBMITTED), { world: SUBMITTED, from: undefined, by: 'submitted' }]]);
  const before = new Map<string, string[]>();
  const ends = new Map<string, number>();
  const transitions = new Set<string>();
  let moves = 0;
  for (const [key, { world }] of seen) {
    if (world.row !== undefined && isTerminal(world.row.state))
      count(ends, `${world.row.state} ${world.row.primary ?? ''}`.trim());
    for (const move of movesOf(world, bug)) {
      moves += 1;
      if (isTransition(world, move))
        transitions.add(`${world.row?.state ?? 'EVALUATING'} > ${stateAfter(world, move)}`);
      const promise = brokenBy(world, move);
      if (promise !== undefined)
        return {
          states: seen.size,
          moves,
          secondAttempts: 0,
          ends,
          transitions,
          violation: { promise, trace: [...traceTo(seen, key), move.name] },
        };
      const next = keyOf(move.next);
      before.set(next, [...(before.get(next) ?? []), key]);
      if (!seen.has(next)) seen.set(next, { world: move.next, from: key, by: move.name });
    }
  }
  const stuck = firstStuck(seen, before);
  const violation =
    stuck === undefined
      ? undefined
      : { promise: 'L: every task ends with its money closed', trace: traceTo(seen, stuck) };
  const secondAttempts = [...seen.values()].filter((one) => one.world.attempt > 1).length;
  return { states: seen.size, moves, secondAttempts, ends, transitions, violation };
}

/** The promise that a step breaks. */
function brokenBy(world: World, { name, next }: Move): string | undefined {
  const [was, is] = [world.row?.state, next.row?.state];
  if (is === 'RELEASING' && was !== 'RELEASING') {
    if (was === 'AWAITING_APPROVAL') return 'S9: an approval is followed by a new round';
    if (!approvedBySix(world, next)) return 'S1: six approvals of this round';
    if (world.disabled && next.row?.approvedBy?.includes('p') === true)
      return 'S12: nothing is released on the approval of somebody who was disabled for cause';
  }
  if (was === 'AWAITING_APPROVAL' && is === 'EVALUATING' && !clickedByTwo(next))
    return 'S11: as many different people as are needed';
  if (is === 'COMPLETED' && was !== 'COMPLETED' && next.askedOutput && !clickedByTwo(next))
    return 'S13: a result that people are asked about is delivered when they approved it';
  if (next.handedOver > 1) return 'S2: at most one hand-over';
  if (is === 'DISPATCHED' && was !== 'DISPATCHED') {
    if (world.barred !== 'no' || world.cancelled)
      return 'S3: no claim after a block, another epoch, a cancel or a withdrawal';
    if (was !== undefined && isTerminal(was)) return 'S4: no claim after an end';
    if (!isAlive(world)) return 'S3: no claim when verdicts or the deadline are over';
    if (world.hold !== 'HELD') return 'S8: a claim holds its money';
    if (world.decisionRecorded !== world.row?.round) return 'S10: no claim before it is recorded';
  }
  if (was !== undefined && isTerminal(was) && is !== was) return 'S5: an end never changes';
  if (name === 'result of an older attempt') return 'S7: no result of an older attempt is taken';
  if (next.answers > world.answers && !(is === 'COMPLETED' && next.endRecorded))
    return 'S10: no answer before it is recorded';
  return name === 'answered' && next.results === 0 ? 'S6: an answer has a result' : undefined;
}

/** A cost that is noted after the end is none. */
function isTransition({ row }: World, { next }: Move): boolean {
  if (next.row === row) return false;
  return row === undefined || !isTerminal(row.state) || next.row?.state !== row.state;
}

/** Of an attempt that was replaced, its own state: the next one has no state before. */
function stateAfter({ replaced }: World, { next }: Move): string {
  return (next.replaced === replaced ? next.row?.state : next.replaced?.state) ?? '';
}

function isAlive({ now, row }: World): boolean {
  return row?.validUntil !== undefined && now < row.validUntil && now < row.task.deadline;
}

function clickedByTwo({ clicks }: World): boolean {
  return new Set(clicks).size === 2;
}

function approvedBySix({ votes }: World, { row }: World): boolean {
  const covered = new Set(row?.covered.map(({ id }) => id));
  return VOTERS.every((voter) => votes[voter] === 'yes' || covered.has(votes[voter] ?? ''));
}

/** Only what tells worlds apart: of instants how far away they are, of an ended task what can still happen to it. A world is never looked at twice. */
function keyOf(world: World): string {
  const { row } = world;
  return JSON.stringify(row !== undefined && isTerminal(row.state) ? endedKey(world, row) : openKey(world));
}

function endedKey(world: World, row: TaskRecord): readonly unknown[] {
  const budgetMaySpeak = votesOpen(world) && world.votes.budget === undefined;
  const { attempt, earlierHold, hold, endRecorded, handOverDue, handedOver, results, answers, compensated } = world;
  return [
    row.state,
    row.primary,
    row.claim,
    budgetMaySpeak,
    attempt,
    earlierHold,
    hold,
    endRecorded,
    handOverDue,
    handedOver,
    results,
    answers,
    compensated,
  ];
}

// what another dispatcher remembers of the round before is refused for its round alone, so it tells no worlds apart
function openKey({
  now,
  roundAt,
  row,
  replaced,
  disabled,
  remembered: _remembered,
  ...rest
}: World): readonly unknown[] {
  const ago = (at: number | undefined): number | undefined => (at === undefined ? undefined : at - now);
  const kept = row && [
    row.state,
    row.attempt,
    row.round,
    row.claim,
    row.covered.map(({ id }) => id),
    row.approvedBy?.includes('p'),
    // what is closed tells nothing any more
    row.requests
      ?.filter(({ status }) => status === 'PENDING' || status === 'APPROVED')
      .map(({ status, decisions }) => [status, decisions.map(({ person }) => person).sort()]),
    ...[row.timerAt, row.validUntil, row.approvedAt, row.task.deadline].map(ago),
  ];
  // once the task was handed over, who was disabled matters only to who is asked about its result
  const matters = row !== undefined && !['DISPATCHED', 'SCREENING', 'CANCELLING'].includes(row.state) && disabled;
  return [rest, replaced?.state, ago(roundAt), kept, matters];
}

function firstStuck(
  seen: ReadonlyMap<string, Seen>,
  before: ReadonlyMap<string, readonly string[]>,
): string | undefined {
  const good = new Set([...seen].filter(([, { world }]) => isClosed(world)).map(([key]) => key));
  for (const key of good) for (const earlier of before.get(key) ?? []) good.add(earlier);
  return [...seen.keys()].find((key) => !good.has(key));
}

function isClosed({ row, hold, earlierHold, compensated }: World): boolean {
  return row !== undefined && isTerminal(row.state) && compensated && hold !== 'HELD' && earlierHold !== 'HELD';
}

function traceTo(seen: ReadonlyMap<string, Seen>, key: string): readonly string[] {
  const trace: string[] = [];
  for (let at: string | undefined = key; at !== undefined; at = seen.get(at)?.from)
    trace.unshift(seen.get(at)?.by ?? '');
  return trace;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
