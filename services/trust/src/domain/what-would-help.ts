import { formatInstant } from '@countersign/primitives';
import { TRUST_LEVELS, type TrustLevel } from '@countersign/contracts';
import { BOUNDS, DAY_MS, HALF_LIFE_MS, PRIOR, WEIGHTS } from './algorithm.js';
import { EVIDENCE_WANTED, violationShare, type Cap } from './caps.js';
import { DWELL_MS, levelOf, PROMOTION_MARGIN, rankOf, thresholdOf, type LevelState } from './levels.js';
import { decay, type Masses } from './masses.js';
import type { ScoreBreakdown } from './score.js';

/** Where an agent stands, and what it would like to be told about. */
export interface HelpQuestion {
  readonly breakdown: ScoreBreakdown;
  readonly state: LevelState;
  readonly now: number;
  /** Entries of its grants that it did not use in 30 days. */
  readonly unusedGrants: readonly string[];
}

const points = (hundredths: number): string => (hundredths / 100).toFixed(2);

/** What would raise the level, what holds most first: computed from the evidence, not advice in general. */
export function whatWouldHelp(question: HelpQuestion): readonly string[] {
  const { breakdown, state, now } = question;
  const next = TRUST_LEVELS[rankOf(state.level) + 1];
  return [
    ...breakdown.caps.flatMap((cap) => helpAgainst(cap, breakdown, state.level)),
    ...(next === undefined ? [] : stepUp(breakdown, { state, next, now })),
    ...(next === undefined ? [] : workFor(next, breakdown)),
    ...missingPoints(question),
    ...(breakdown.masses.negative > breakdown.masses.inherited
      ? ['void confirmed false positives (will need two people; the operator alone until then)']
      : []),
  ];
}

function helpAgainst(
  { cap, limit, until, why }: Cap,
  { masses }: ScoreBreakdown,
  level: TrustLevel,
): readonly string[] {
  const ends = until === undefined ? '' : ` until ${formatInstant(until)}`;
  switch (cap) {
    case 'STATUS':
      return [`${why}; only an ACTIVE agent has a score`];
    case 'RECENT_CRITICAL':
    case 'RECENT_HIGH':
      return [`${cap} holds the score at ${points(limit)}${ends}, for ${why}; a later end is milder`];
    case 'PROBATION':
    case 'ANOMALY':
    case 'OWNER_CEILING':
      return [`${cap} holds the score at ${points(limit)}${ends} (${why})`];
    case 'VIOLATION_RATIO':
      return fewerViolations(masses, limit);
    case 'EVIDENCE':
      return rankOf(level) >= rankOf('PROVISIONAL') || masses.positive > 0 ? [moreEvidence(masses, limit)] : [];
  }
}

/** Shares of violations at which a cap begins, with the limit of each. */
const SHARES: readonly (readonly [limit: number, share: number])[] = [
  [2_499, 0.5],
  [4_999, 0.25],
  [6_499, 0.1],
  [8_499, 0.05],
];
const LONGEST_DAYS = 3_650;

/** Days of the present clean work, without a new violation, after which the share is below what this cap begins at. */
function fewerViolations({ positive, negative }: Masses, limit: number): readonly string[] {
  const share = SHARES.find(([of]) => of === limit)?.[1] ?? 0.05;
  for (let days = 1; days <= LONGEST_DAYS; days += 1) {
    const later = { positive, negative: negative * decay(days * DAY_MS, HALF_LIFE_MS.negative) };
    if (violationShare(later) < share)
      return [
        `${days} d of the present clean work without a new violation lower the share of violations below ${share} (it is ${violationShare({ positive, negative }).toFixed(4)})`,
      ];
  }
  return [];
}

function moreEvidence({ positive, positiveOfOthers, activeDays }: Masses, limit: number): string {
  const others = limit > 6_499;
  const { mass, days } = others ? EVIDENCE_WANTED.trusted : EVIDENCE_WANTED.verified;
  const tasks = Math.max(0, Math.ceil(mass - (others ? positiveOfOthers : positive)));
  const missing = [
    ...(tasks === 0
      ? []
      : [`clean work that weighs ${tasks} more${others ? ' for other owners, of at least two' : ''}`]),
    ...(activeDays >= days ? [] : [`clean work on ${days - activeDays} more days`]),
  ];
  return `EVIDENCE ends with ${missing.join(' and ')} (a task weighs at most 1, ${BOUNDS.perGroupAndDay} a day and ${BOUNDS.perGroup} in all for one owner)`;
}

interface Step {
  readonly state: LevelState;
  readonly next: TrustLevel;
  readonly now: number;
}

/** What is left to wait, or to gain, where the score is high enough already. */
function stepUp({ score }: ScoreBreakdown, { state, next, now }: Step): readonly string[] {
  if (rankOf(levelOf(score)) < rankOf(next)) return [];
  const missing = thresholdOf(next) + PROMOTION_MARGIN - score;
  const rises = state.changedAt + DWELL_MS;
  return [
    ...(missing <= 0 ? [] : [`${points(missing)} more points: ${next} asks for 2.00 above its threshold`]),
    ...(now >= rises ? [] : [`${next} not before ${formatInstant(rises)}: a level is held for 24 h`]),
  ];
}

/** Clean work that would carry the raw score to a level, by the formula of behaviour solved for the work. */
function workFor(next: TrustLevel, { raw, families, masses, expectation }: ScoreBreakdown): readonly string[] {
  const wanted = thresholdOf(next) + PROMOTION_MARGIN;
  if (raw >= wanted) return [];
  const share = (wanted - (raw - families.behaviour)) / WEIGHTS.behaviour;
  if (share >= 1)
    return [
      `clean work alone does not lead to ${next}: with all 40.00 points of behaviour ${points(wanted - (raw - families.behaviour) - WEIGHTS.behaviour)} are still missing`,
    ];
  const { positive, negative } = masses;
  const mass = (share * (negative + PRIOR.positive + PRIOR.negative) - PRIOR.positive) / (1 - share);
  const tasks = Math.max(1, Math.ceil(mass - positive));
  const owners = Math.max(1, Math.ceil(tasks / BOUNDS.perGroup));
  return [
    `clean work that weighs ${tasks} more raises behaviour from ${expectation.toFixed(4)} to ${share.toFixed(4)}, enough for ${next}: at best ${tasks} tasks, for at least ${owners} owner${owners === 1 ? '' : 's'}, over at least ${Math.ceil(tasks / (owners * BOUNDS.perGroupAndDay))} d`,
  ];
}

/** Facts that do not give all they could, the most valuable first. */
function missingPoints({ breakdown: { facts }, unusedGrants }: HelpQuestion): readonly string[] {
  const open = [...facts.compliance, ...facts.security, ...facts.identity].filter((f) => f.points < f.max);
  return open
    .sort((a, b) => b.max - b.points - (a.max - a.points))
    .map(({ fact, value, points: has, max }) => {
      const unused = fact === 'least privilege' && unusedGrants.length > 0 ? `; not used: ${named(unusedGrants)}` : '';
      return `${fact}: up to ${points(max - has)} more (now ${value}${unused})`;
    });
}

function named(list: readonly string[]): string {
  return list.length <= 5 ? list.join(', ') : `${list.slice(0, 5).join(', ')} and ${list.length - 5} more`;
}
