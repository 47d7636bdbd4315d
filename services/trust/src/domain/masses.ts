import { BOUNDS, DAY_MS, HALF_LIFE_MS, HORIZON_MS } from './algorithm.js';
import type { Evidence } from './evidence.js';
import { negativeKind, type Observation } from './observation.js';

/** Decayed weight of evidence. */
export interface Masses {
  readonly positive: number;
  /** Positive mass without the agent's own owner group. */
  readonly positiveOfOthers: number;
  readonly negative: number;
  /** Negative mass that counts for the two lowest tiers: what is charged to a target counts there only when it comes from two groups. */
  readonly negativeForTiers: number;
  readonly inherited: number;
  /** Days with clean work of the last ninety. */
  readonly activeDays: number;
}

const MULTIPLIER: Readonly<Record<string, number>> = {
  HUMAN: 1,
  TRUSTED: 1,
  VERIFIED: 1,
  PROVISIONAL: 0.5,
  LIMITED: 0.25,
  UNTRUSTED: 0,
};
const RECENT_DAYS = 90;

/** What is left of a weight of one after an age, by a half-life; both in ms. */
export const decay = (age: number, halfLife: number): number => 2 ** (-Math.max(0, age) / halfLife);
/** The UTC day of an instant (ms). */
export const dayOf = (at: number): number => Math.floor(at / DAY_MS);
const byAgeThenId = (a: Observation, b: Observation): number => a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
/** Whether one observation comes before another in the order in which evidence is weighed: by time, then by id. */
export const precedes = (a: Observation, b: Observation): boolean => byAgeThenId(a, b) < 0;

/** A person and the agents he owns are one group. */
export function groupOf(principal: string): string {
  return principal.replace(/^user:/, '');
}

/** Seen by an organisation that is neither the viewer nor the agent's own. */
export function isForeign(observation: Observation, evidence: Pick<Evidence, 'viewerOrg' | 'org'>): boolean {
  return (
    observation.observerOrg !== undefined &&
    observation.observerOrg !== evidence.viewerOrg &&
    observation.observerOrg !== evidence.org
  );
}

/** Weighs the evidence at an instant (ms). Sums run in the order of time and id, so two replicas get the same number. */
export function weigh(evidence: Evidence, now: number): Masses {
  const live = evidence.observations.filter((o) => isWeighed(o, now)).sort(byAgeThenId);
  const { total, others } = positives(live, now, evidence.ownerGroup);
  const bad = live.filter((o) => negativeKind(o.kind) !== undefined);
  const near = negatives(
    bad.filter((o) => !isForeign(o, evidence)),
    now,
  );
  const far = negatives(
    bad.filter((o) => isForeign(o, evidence)),
    now,
  );
  const farSum = Math.min(BOUNDS.foreignTotal, far.sum);
  const negative = evidence.inheritedNegative + near.sum + farSum;
  const target = near.target + Math.min(farSum, far.target);
  const groups = new Set([...near.groups, ...far.groups]);
  const negativeForTiers = groups.size >= 2 ? negative : negative - target;
  return {
    positive: total,
    positiveOfOthers: others,
    negative,
    negativeForTiers,
    inherited: evidence.inheritedNegative,
    activeDays: activeDays(live, now),
  };
}

/** Whether an observation counts at all: not voided, not in the future, and clean work not older than the horizon. */
function isWeighed({ voided, at, kind }: Observation, now: number): boolean {
  return voided !== true && at <= now && (kind !== 'TASK_CLEAN' || now - at <= HORIZON_MS);
}

function activeDays(live: readonly Observation[], now: number): number {
  const days = live
    .filter((o) => o.kind === 'TASK_CLEAN' && multiplierOf(o) > 0 && now - o.at < RECENT_DAYS * DAY_MS)
    .map((o) => dayOf(o.at));
  return new Set(days).size;
}

/** How much work for this other side counts. */
export function multiplierOf({ counterpartyLevel }: Observation): number {
  return counterpartyLevel === undefined ? 0 : (MULTIPLIER[counterpartyLevel] ?? 0);
}

/** Clean work: the ten largest values of a group and day, at most 25 a group, at most 12.5 of the own one. */
function positives(
  live: readonly Observation[],
  now: number,
  owner: string | undefined,
): { readonly total: number; readonly others: number } {
  const byGroupAndDay = new Map<string, { readonly group: string; readonly values: number[] }>();
  for (const o of live) {
    if (o.kind !== 'TASK_CLEAN') continue;
    const group = groupOf(o.counterparty);
    const key = `${group}|${dayOf(o.at)}`;
    const entry = byGroupAndDay.get(key) ?? { group, values: [] };
    entry.values.push(multiplierOf(o) * decay(now - o.at, HALF_LIFE_MS.positive));
    byGroupAndDay.set(key, entry);
  }
  const byGroup = new Map<string, number>();
  for (const { group, values } of byGroupAndDay.values()) {
    const best = values.sort((a, b) => b - a).slice(0, BOUNDS.perGroupAndDay);
    byGroup.set(group, (byGroup.get(group) ?? 0) + best.reduce((a, b) => a + b, 0));
  }
  return saturate(byGroup, owner === undefined ? undefined : groupOf(owner));
}

function saturate(
  byGroup: ReadonlyMap<string, number>,
  own: string | undefined,
): { readonly total: number; readonly others: number } {
  let others = 0;
  let mine = 0;
  for (const group of [...byGroup.keys()].sort()) {
    const mass = byGroup.get(group) ?? 0;
    if (group === own) mine += Math.min(mass, BOUNDS.ownGroup);
    else others += Math.min(mass, BOUNDS.perGroup);
  }
  return { total: others + mine, others };
}

interface Bucket {
  sum: number;
  newest: number;
}

/** Violations of one set of observers: identical events count once a day (the newest), then the bounds of the day. */
function negatives(
  observations: readonly Observation[],
  now: number,
): { readonly sum: number; readonly target: number; readonly groups: ReadonlySet<string> } {
  const seen = new Set<string>();
  const buckets = {
    kind: new Map<string, Bucket>(),
    'client-medium': new Map<string, Bucket>(),
    target: new Map<string, Bucket>(),
  };
  const groups = new Set<string>();
  let unbounded = 0;
  for (const o of [...observations].reverse()) {
    const kind = negativeKind(o.kind);
    if (kind === undefined || isRepeated(o, seen)) continue;
    const value = decay(now - o.at, HALF_LIFE_MS.negative);
    const bucket = bucketOf(o);
    if (kind.bound === 'target') groups.add(groupOf(o.counterparty));
    if (kind.bound === 'none' || bucket === undefined) unbounded += value * kind.weight;
    else add(buckets[kind.bound], bucket, { value, weight: kind.weight });
  }
  const target = bounded(buckets.target, BOUNDS.targetPerGroupAndDay);
  return {
    sum:
      unbounded +
      bounded(buckets.kind, BOUNDS.lowPerDay) +
      bounded(buckets['client-medium'], BOUNDS.clientMediumPerDay) +
      target,
    target,
    groups,
  };
}

/** Name of what is bounded together with this violation; undefined when nothing bounds it. */
export function bucketOf(o: Observation): string | undefined {
  const day = dayOf(o.at);
  switch (negativeKind(o.kind)?.bound) {
    case 'target':
      return `target|${groupOf(o.counterparty)}|${day}`;
    case 'kind':
      return `${o.kind}|${day}`;
    case 'client-medium':
      return `client-medium|${day}`;
    case 'none':
    case undefined:
      return undefined;
  }
}

/** What makes two violations of a day the same; undefined for one that names nothing. */
export function identityOf(o: Observation): string | undefined {
  if ((o.connection ?? o.code ?? o.value) === undefined) return undefined;
  return [o.kind, o.connection, o.code, o.value, dayOf(o.at)].join('|');
}

function isRepeated(o: Observation, seen: Set<string>): boolean {
  const same = identityOf(o);
  if (same === undefined) return false;
  if (seen.has(same)) return true;
  seen.add(same);
  return false;
}

function add(
  map: Map<string, Bucket>,
  key: string,
  { value, weight }: { readonly value: number; readonly weight: number },
): void {
  const bucket = map.get(key) ?? { sum: 0, newest: 0 };
  bucket.sum += value * weight;
  bucket.newest = Math.max(bucket.newest, value);
  map.set(key, bucket);
}

/** A bound of c a day is c times the decay of the day's newest event: one more event never lowers the mass. */
function bounded(map: ReadonlyMap<string, Bucket>, bound: number): number {
  let sum = 0;
  for (const bucket of map.values()) sum += Math.min(bucket.sum, bound * bucket.newest);
  return sum;
}
