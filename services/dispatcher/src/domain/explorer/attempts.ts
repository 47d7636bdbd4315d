import { applyEvent } from '../row-events.js';
import { event, RESULT, SCREENED, type Bug, type Move } from './move.js';
import type { World } from './world.js';

const RETRY = {
  ...SCREENED,
  outcome: 'RETRY',
  codes: [{ code: 'GUARDRAIL_BLOCKED' }],
  retry: { strategy: 'format_hint', max: 1 },
  inputAtHand: true,
} as const;

/** What may happen to a task that is tried again: its next attempt is opened and published, and the one before goes on to be heard of. */
export function attempts(world: World, bug: Bug | undefined): readonly Move[] {
  return [...triedAgain(world), ...published(world), ...olderResults(world, bug), ...swept(world, bug)];
}

function triedAgain(world: World): readonly Move[] {
  // later rounds of an attempt are walked through without this
  if (world.row === undefined || world.round > 1) return [];
  const change = applyEvent(world.row, RETRY, world.now);
  if (change === undefined) return [];
  const { record, next } = change;
  if (next === undefined) return [{ name: 'may not be tried again', next: { ...world, row: record } }];
  return [{ name: 'tried again', next: { ...world, row: next, replaced: record } }];
}

/** The log has the first round of the next attempt; its verdicts, hold, claim and record are its own. */
function published(world: World): readonly Move[] {
  const { row } = world;
  if (row === undefined || row.attempt <= world.attempt || row.state !== 'EVALUATING') return [];
  const next: World = {
    ...world,
    attempt: row.attempt,
    round: 1,
    roundAt: world.now,
    votes: {},
    clicks: '',
    disabled: false,
    earlierHold: world.hold,
    hold: 'NONE',
    decisionRecorded: 0,
    handOverDue: false,
    handedOver: 0,
    results: 0,
    remembered: undefined,
  };
  return [{ name: `attempt ${row.attempt} published`, next }];
}

/** The target of the attempt before sends another result. */
function olderResults(world: World, bug: Bug | undefined): readonly Move[] {
  const { replaced, row } = world;
  if (replaced === undefined) return [];
  const seen = bug === 'a result of an older attempt is taken' ? row : replaced;
  return event(world, 'result of an older attempt', RESULT, seen);
}

/** A message that came too late to be judged settles nothing: budget asks for the row, finds a claim, and settles. */
function swept(world: World, bug: Bug | undefined): readonly Move[] {
  if (world.earlierHold !== 'HELD' || bug === 'an older attempt keeps its money') return [];
  return [{ name: 'older money swept', next: { ...world, earlierHold: 'SETTLED' } }];
}
