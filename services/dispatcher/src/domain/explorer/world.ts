import { formatInstant } from '@countersign/primitives';
import { CONTROLS, TIMERS, VERDICT_VALIDITY_MS, type Control, type VerdictItem } from '@countersign/contracts';
import { takeVerdict } from '../evaluation.js';
import type { Evaluation, TaskRecord } from '../model.js';

/** Three stand for six: one may deny, one may ask a person, one holds money. The other three approve when policy speaks, or are silent with it. */
export const VOTERS = ['policy', 'guardrails', 'budget'] as const;
/** One of them. */
export type Voter = (typeof VOTERS)[number];
/** Yes, no, or a person is asked for a reason that this round could first raise. */
export type Vote = 'yes' | 'no' | 'ask 1' | 'ask 2' | 'ask 3';

/** What budget holds for the task. */
export type Hold = 'NONE' | 'HELD' | 'TOMBSTONE' | 'RELEASED' | 'SETTLED';

/** One task, everybody's knowledge of it, and everything that is on its way. Instants in ms from its submission. */
export interface World {
  readonly now: number;
  readonly row: TaskRecord | undefined;
  /** The attempt and round that are in the log, and when they came there. */
  readonly attempt: number;
  readonly round: number;
  readonly roundAt: number;
  readonly votes: Readonly<Partial<Record<Voter, Vote>>>;
  readonly hold: Hold;
  /** The attempt before this one as it was closed, and what budget holds for it. */
  readonly replaced: TaskRecord | undefined;
  readonly earlierHold: Hold;
  /** The round whose decision stands in the record; 0 for none. */
  readonly decisionRecorded: number;
  readonly endRecorded: boolean;
  /** A claim was committed and its hand-over is still to be made by the process that made it. */
  readonly handOverDue: boolean;
  readonly handedOver: number;
  readonly results: number;
  readonly answers: number;
  /** A block or another epoch was committed, so nothing is claimed any more. */
  readonly barred: 'no' | 'block' | 'epoch';
  /** What another dispatcher has still in memory: the round before with its verdicts. */
  readonly remembered: Pick<World, 'round' | 'roundAt' | 'votes'> | undefined;
  readonly cancelled: boolean;
  readonly compensated: boolean;
  /** Who really approved what is asked now, one letter a click. */
  readonly clicks: string;
  /** One of the two people was disabled for cause. */
  readonly disabled: boolean;
  /** People had to be asked about the result. */
  readonly askedOutput: boolean;
}

/** A task that was just submitted. */
export const SUBMITTED: World = {
  now: 0,
  row: undefined,
  attempt: 1,
  round: 1,
  roundAt: 0,
  votes: {},
  hold: 'NONE',
  replaced: undefined,
  earlierHold: 'NONE',
  decisionRecorded: 0,
  endRecorded: false,
  handOverDue: false,
  handedOver: 0,
  results: 0,
  answers: 0,
  barred: 'no',
  remembered: undefined,
  cancelled: false,
  compensated: false,
  clicks: '',
  disabled: false,
  askedOutput: false,
};

const ALL_YES: World['votes'] = { policy: 'yes', guardrails: 'yes', budget: 'yes' };
const DIGEST = `sha256:${'0'.repeat(64)}`;
const OTHER_DIGEST = `sha256:${'1'.repeat(64)}`;
const KEY = { org: 'o', agent: 'a', task: 't' };
/** The task's deadline. */
export const DEADLINE_MS = 200_000;

/** Ways to count verdicts that must not count. */
export interface Miscounting {
  readonly oldAttempt?: boolean;
  readonly old?: boolean;
  readonly otherBytes?: boolean;
  readonly late?: boolean;
  readonly last?: boolean;
}

const evaluations = new Map<string, Evaluation>();

/** As `countedOf`, made once for all worlds in which the same has come; nothing that decides changes an evaluation. */
export function evaluationOf(world: World, wrong: Miscounting = {}): Evaluation {
  const { attempt, round, roundAt, votes } = world;
  const key = JSON.stringify([attempt, round, roundAt, VOTERS.map((voter) => votes[voter]), votesOpen(world), wrong]);
  const made = evaluations.get(key) ?? countedOf(world, wrong);
  evaluations.set(key, made);
  return made;
}

/** The evaluation of the round in the log, as the product's own counting makes it of the verdicts that have come. */
function countedOf(world: World, wrong: Miscounting): Evaluation {
  const task = {
    taskType: 'x',
    target: 'b',
    deadline: DEADLINE_MS,
    instance: undefined,
    models: null,
    tools: null,
    usesModels: false,
    idempotent: true,
  };
  const { attempt, round, roundAt } = world;
  const evaluation: Evaluation = {
    key: KEY,
    attempt,
    round,
    seq: round,
    streamAt: roundAt,
    digest: DIGEST,
    task,
    verdicts: new Map(),
    missing: new Map(),
    deniedAt: undefined,
  };
  const take = (
    votes: World['votes'],
    over: Partial<Pick<VerdictItem, 'attempt' | 'round' | 'digest'>>,
    at = roundAt,
  ): void => {
    for (const control of CONTROLS) {
      const vote = votes[voterOf(control)];
      if (vote === undefined) continue;
      const said = verdictOf(control, control === voterOf(control) ? vote : 'yes', { attempt, round, at });
      takeVerdict(evaluation, control, { ...said, ...over }, { ref: { frame: DIGEST, index: 0, leaf: DIGEST }, at });
    }
  };
  // the worst that the log can do: approvals of the round before and of other bytes come first, contrary ones and late ones afterwards
  if (attempt > 1) take(ALL_YES, { attempt: wrong.oldAttempt === true ? attempt : attempt - 1 });
  if (round > 1) take(ALL_YES, { round: wrong.old === true ? round : round - 1 });
  take(ALL_YES, { digest: wrong.otherBytes === true ? DIGEST : OTHER_DIGEST });
  if (wrong.last === true) take(contraryOf(deniedOf(world.votes)), {});
  take(world.votes, {});
  take(contraryOf(world.votes), {});
  if (!votesOpen(world)) take(ALL_YES, {}, wrong.late === true ? roundAt : roundAt + TIMERS.verdict + 1);
  return evaluation;
}

/** Denials are followed by approvals, everything else by denials. */
function contraryOf(votes: World['votes']): World['votes'] {
  return Object.fromEntries(Object.entries(votes).map(([voter, vote]) => [voter, vote === 'no' ? 'yes' : 'no']));
}

function deniedOf(votes: World['votes']): World['votes'] {
  return Object.fromEntries(Object.entries(votes).filter(([, vote]) => vote === 'no'));
}

function voterOf(control: Control): Voter {
  return VOTERS.find((voter) => voter === control) ?? 'policy';
}

function verdictOf(
  control: Control,
  vote: Vote,
  { attempt, round, at }: { readonly attempt: number; readonly round: number; readonly at: number },
): VerdictItem {
  const standing = { score: 5_000, level: 'PROVISIONAL' } as const;
  const asks = vote.startsWith('ask');
  return {
    type: 'verdict',
    nonce: 'AAAAAAAAAAA',
    task: { org: KEY.org, agent: KEY.agent, id: KEY.task },
    seq: round,
    attempt,
    round,
    digest: DIGEST,
    decision: vote === 'no' ? 'DENY' : asks ? 'ESCALATE' : 'APPROVE',
    codes: vote === 'no' ? [{ code: 'TASK_TYPE_NOT_ALLOWED' }] : asks ? [{ code: 'GUARDRAIL_BLOCKED', id: vote }] : [],
    details: {},
    versions: {},
    decidedAt: formatInstant(at),
    validUntil: formatInstant(at + VERDICT_VALIDITY_MS),
    connection: { id: 'c', org: 'o', agent: 'b' },
    epochs: { client: 1, target: 1, connection: 1 },
    grant: {
      models: null,
      tools: null,
      dataStores: null,
      dataClasses: null,
      taskTypes: null,
      maxCostMicros: null,
      notAfter: null,
      hopsLeft: 4,
    },
    estimateMicros: '0',
    priceBookVersion: 1,
    approval: { authors: [] },
    score: { client: standing, target: standing },
    record: { position: 0, leaf: DIGEST },
  };
}

/** Whether verdicts of the round in the log may still be given. */
export function votesOpen({ now, roundAt }: World): boolean {
  return now <= roundAt + TIMERS.verdict;
}
