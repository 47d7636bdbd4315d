import { isTerminal, TIMERS, VERDICT_VALIDITY_MS } from '@countersign/contracts';
import { adopt } from '../adopt.js';
import { ORDINARY_TERMS, type ApprovalTerms } from '../approval-terms.js';
import { isComplete } from '../evaluation.js';
import type { TaskRecord } from '../model.js';
import { attempts } from './attempts.js';
import { event, RESULT, SCREENED, type Bug, type Move } from './move.js';
import { peopleMoves } from './people.js';
import { evaluationOf, VOTERS, votesOpen, type Hold, type Vote, type Voter, type World } from './world.js';

/** Everything that may happen in a world, with a bug in it or without. */
export function movesOf(world: World, bug?: Bug): readonly Move[] {
  return [
    ...votes(world, bug),
    ...decisions(world, bug),
    ...secondDecisions(world, bug),
    ...record(world),
    ...release(world, bug),
    ...peopleMoves(world, bug),
    ...cancels(world),
    ...endings(world, bug),
    ...attempts(world, bug),
  ];
}

/** Everything that people approve takes two of them. */
function termsOf({ disabled }: World, bug: Bug | undefined): ApprovalTerms {
  const counts = bug === 'whoever was disabled for cause counts';
  return { ...ORDINARY_TERMS, required: 2, stands: (person) => counts || !(disabled && person === 'p') };
}

function votes(world: World, bug: Bug | undefined): Move[] {
  if (!votesOpen(world)) return [];
  // what comes after the decision changes nothing but what budget holds
  const decided = world.row !== undefined && !isWaiting(world, world.row);
  const silent = VOTERS.filter((voter) => world.votes[voter] === undefined && (!decided || voter === 'budget'));
  return silent.flatMap((voter) =>
    choicesOf(voter, world).map((vote) => {
      const hold = voter === 'budget' ? reserved(world, bug) : world.hold;
      const earlierHold = voter === 'budget' ? replaced(world, bug) : world.earlierHold;
      return {
        name: `${voter}: ${vote}`,
        next: { ...world, hold, earlierHold, votes: { ...world.votes, [voter]: vote } },
      };
    }),
  );
}

/** Whether a row waits for the decision of the round that is in the log. */
function isWaiting({ attempt, round }: World, row: TaskRecord): boolean {
  return row.state === 'EVALUATING' && row.attempt === attempt && row.round === round;
}

function choicesOf(voter: Voter, { attempt, round, hold }: World): readonly Vote[] {
  switch (voter) {
    case 'policy':
      return ['yes', 'no'];
    case 'guardrails':
      // what people are asked is walked through in the first attempt
      return attempt > 1 ? ['yes'] : (['yes', 'ask 1', 'ask 2', 'ask 3'] as const).slice(0, round + 1);
    case 'budget':
      return [hold === 'NONE' || hold === 'HELD' ? 'yes' : 'no'];
  }
}

function reserved({ hold, compensated }: World, bug: Bug | undefined): Hold {
  if (hold !== 'NONE') return hold;
  return compensated && bug !== 'no tombstone is left' ? 'TOMBSTONE' : 'HELD';
}

/** The message of a further attempt tells budget what becomes of the money of the one before. */
function replaced({ earlierHold }: World, bug: Bug | undefined): Hold {
  return earlierHold === 'HELD' && bug !== 'an older attempt keeps its money' ? 'SETTLED' : earlierHold;
}

function decisions(world: World, bug: Bug | undefined): Move[] {
  const { row, votes: given } = world;
  if (row !== undefined && !isWaiting(world, row)) return [];
  const filled =
    bug === 'missing verdicts are filled in' && !votesOpen(world)
      ? { ...Object.fromEntries(VOTERS.map((voter) => [voter, 'yes'])), ...given }
      : given;
  const evaluation = evaluationOf(
    { ...world, votes: filled },
    {
      old: bug === 'verdicts of an older round count',
      oldAttempt: bug === 'verdicts of an older attempt count',
      otherBytes: bug === 'verdicts over other bytes count',
      late: bug === 'late verdicts count',
      last: bug === 'a later verdict replaces an earlier one',
    },
  );
  const out: Move[] = [];
  if (votesOpen(world))
    out.push({ name: 'verdicts are over', next: { ...world, now: world.roundAt + TIMERS.verdict + 1 } });
  const due = isComplete(evaluation) || evaluation.deniedAt !== undefined || !votesOpen(world);
  const decided = due
    ? adopt(evaluation, row, { currency: 'USD', now: world.now, terms: termsOf(world, bug) })
    : undefined;
  if (decided !== undefined) out.push({ name: 'decided', next: { ...world, row: decided, clicks: '' } });
  return out;
}

/** A dispatcher that fell behind, or read the log again after a crash, decides what is decided: this round, or the one before. */
function secondDecisions(world: World, bug: Bug | undefined): Move[] {
  const { row, now } = world;
  if (row === undefined || row.attempt !== world.attempt) return [];
  const memories = [...(world.remembered === undefined ? [] : [{ ...world, ...world.remembered }]), world];
  return memories.flatMap((memory) => {
    if (memory === world && row.state === 'EVALUATING') return [];
    const before: TaskRecord =
      bug === 'an adoption does not test the row' ? { ...row, state: 'EVALUATING', round: memory.round } : row;
    const decided = adopt(evaluationOf(memory), before, { currency: 'USD', now, terms: termsOf(world, bug) });
    return decided === undefined ? [] : [{ name: 'decided again', next: { ...world, row: decided } }];
  });
}

function record(world: World): Move[] {
  const { row } = world;
  if (row === undefined) return [];
  const out: Move[] = [];
  if (row.state === 'RELEASING' && world.decisionRecorded !== row.round)
    out.push({ name: 'decision recorded', next: { ...world, decisionRecorded: row.round } });
  if (isTerminal(row.state) && !world.endRecorded)
    out.push({ name: 'end recorded', next: { ...world, endRecorded: true } });
  if (row.state === 'EVALUATING' && row.attempt === world.attempt && row.round > world.round)
    out.push({
      name: `round ${row.round} published`,
      next: {
        ...world,
        round: row.round,
        roundAt: world.now,
        votes: {},
        clicks: '',
        remembered: { round: world.round, roundAt: world.roundAt, votes: world.votes },
      },
    });
  return out;
}

function release(world: World, bug: Bug | undefined): Move[] {
  const { row } = world;
  const out: Move[] = [];
  const waits =
    bug === 'a claim does not wait for the record' ? row?.state === 'RELEASING' : world.decisionRecorded > 0;
  if (row !== undefined && waits) {
    const blocked =
      world.barred === 'block' && bug !== 'a claim ignores blocks' ? ('CONNECTION_SUSPENDED' as const) : undefined;
    const epochsMoved = world.barred === 'epoch' && bug !== 'a claim ignores epochs';
    const at = bug === 'a claim does not look at the clock' ? { ...world, now: world.roundAt } : world;
    // a frame that says of an older round that it is recorded may come again at any time
    const recordedRound = bug === 'a claim does not wait for the record' ? row.round : world.decisionRecorded;
    const seen: TaskRecord = bug === 'a claim does not test the state' ? { ...row, state: 'RELEASING' } : row;
    out.push(
      ...event(at, 'claim', { type: 'claim', facts: { grantId: 'g', recordedRound, blocked, epochsMoved } }, seen).map(
        (move) => ({
          ...move,
          next: { ...move.next, now: world.now, handOverDue: move.next.row?.state === 'DISPATCHED' },
        }),
      ),
    );
  }
  if (row?.state === 'RELEASING' && row.validUntil !== undefined && world.now < row.validUntil)
    out.push({ name: 'verdicts expire', next: { ...world, now: world.roundAt + VERDICT_VALIDITY_MS } });
  if (row !== undefined && ['RELEASING', 'DISPATCHED'].includes(row.state) && world.now < row.task.deadline)
    out.push({ name: 'the deadline passes', next: { ...world, now: row.task.deadline } });
  if (world.barred === 'no')
    out.push(
      { name: 'block', next: { ...world, barred: 'block' } },
      { name: 'another epoch', next: { ...world, barred: 'epoch' } },
    );
  return [...out, ...handOvers(world, bug)];
}

function handOvers(world: World, bug: Bug | undefined): Move[] {
  const out: Move[] = [];
  if (world.handOverDue) {
    const done = { ...world, handOverDue: false };
    out.push({ name: 'handed over', next: { ...done, handedOver: world.handedOver + 1 } });
    out.push(...event(done, 'not delivered', { type: 'undelivered' }));
    out.push({ name: 'crash before the hand-over', next: done });
  }
  if (
    bug === 'a hand-over is made again after a crash' &&
    world.row?.state === 'DISPATCHED' &&
    !world.handOverDue &&
    world.handedOver < 3
  )
    out.push({ name: 'handed over again', next: { ...world, handedOver: world.handedOver + 1 } });
  return out;
}

function cancels(world: World): Move[] {
  if (world.row === undefined || world.cancelled) return [];
  return [
    ...event(world, 'cancelled', { type: 'cancel', actor: 'p', code: 'CANCELLED_BY_USER' }),
    ...event(world, 'withdrawn', { type: 'withdrawn', codes: [{ code: 'AGENT_REVOKED' }] }),
  ].map((move) => ({ ...move, next: { ...move.next, cancelled: true } }));
}

function endings(world: World, bug: Bug | undefined): Move[] {
  const { row } = world;
  if (row === undefined) return [];
  const out: Move[] = [];
  if (row.timerAt !== undefined) {
    const later = { ...world, now: Math.max(world.now, row.timerAt) };
    out.push(...event(later, 'timer', { type: 'timer' }));
  }
  if (world.handedOver > 0) {
    const seen: TaskRecord = bug === 'a late result is taken' ? { ...row, state: 'DISPATCHED' } : row;
    out.push(
      ...event({ ...world, results: 1 }, 'result', RESULT, seen),
      ...event({ ...world, results: 1 }, 'failure', { ...RESULT, failed: true }, seen),
    );
  }
  out.push(
    ...event(world, 'screened', { ...SCREENED, outcome: 'ALLOW' }),
    ...event(world, 'screened out', { ...SCREENED, outcome: 'BLOCK' }),
    ...event({ ...world, askedOutput: true, clicks: '' }, 'people are asked about the result', {
      ...SCREENED,
      codes: [{ code: 'APPROVAL_GUARDRAIL' }],
      outcome: bug === 'a result that people are asked about is delivered' ? 'ALLOW' : 'ESCALATE',
    }),
  );
  if (!isTerminal(row.state)) return out;
  const mayAnswer = world.endRecorded || bug === 'an answer does not wait for the record';
  if (row.state === 'COMPLETED' && mayAnswer && world.answers === 0)
    out.push({ name: 'answered', next: { ...world, answers: 1 } });
  if (!world.compensated)
    out.push({ name: 'money closed', next: { ...world, compensated: true, hold: closed(world, row) } });
  return out;
}

function closed({ hold }: World, row: TaskRecord): Hold {
  if (hold !== 'HELD') return hold;
  return row.claim === 'CLAIMED' ? 'SETTLED' : 'RELEASED';
}
