import { BOUNDS, DAY_MS, HORIZON_MS } from './algorithm.js';
import { bucketOf, dayOf, groupOf, identityOf, multiplierOf, precedes } from './masses.js';
import { negativeKind, type Observation } from './observation.js';

/**
 * More distinct events of one bucket and day than this weigh nothing: the least weight is 0.5, the highest bound of such a bucket 3.0 a day, events of one day
 * differ by at most 2^(1/30), so the newest eight always reach the bound.
 */
const PER_BUCKET = 8;

/**
 * What was observed of one agent, without what can no longer matter. Adding is idempotent and knows no order, so replicas that read the same rows hold the
 * same. {@link weigh} gives of what is kept exactly what it gives of everything (`ledger.spec.ts`). Only a void can make something matter again that was left
 * out: whoever voids reads the agent's rows anew.
 */
export class Ledger {
  readonly #clean = new Map<string, Observation[]>();
  readonly #newestCleanOfDay = new Map<number, Observation>();
  readonly #bounded = new Map<string, Map<string, Observation>>();
  readonly #unbounded = new Map<string, Observation>();
  /** Observed later than now by the database's clock: not weighed before. */
  #future: Observation[] = [];
  #kept: readonly Observation[] | undefined;

  /** Takes an observation; tells whether what is kept has changed. `now` in ms. */
  add(observation: Observation, now: number): boolean {
    if (observation.voided === true) return false;
    const changed = observation.at > now ? this.#wait(observation) : this.#take(observation);
    if (changed) this.#kept = undefined;
    return changed;
  }

  /** Everything that can matter now or later. */
  observations(now: number): readonly Observation[] {
    const due = this.#future.filter((o) => o.at <= now);
    if (due.length > 0) {
      this.#future = this.#future.filter((o) => o.at > now);
      for (const observation of due) this.#take(observation);
      this.#kept = undefined;
    }
    this.#kept ??= this.#collect(now);
    return this.#kept;
  }

  #wait(observation: Observation): boolean {
    if (this.#future.some((o) => o.id === observation.id)) return false;
    this.#future.push(observation);
    return true;
  }

  #take(observation: Observation): boolean {
    if (observation.kind === 'TASK_CLEAN') return this.#takeClean(observation);
    const bucket = isKnown(observation) ? bucketOf(observation) : undefined;
    const key = `${observation.observerOrg ?? ''}|${identityOf(observation) ?? observation.id}`;
    if (bucket === undefined) return takeNewest(this.#unbounded, key, observation);
    const name = `${observation.observerOrg ?? ''}|${bucket}`;
    const kept = this.#bounded.get(name) ?? new Map<string, Observation>();
    this.#bounded.set(name, kept);
    return takeNewest(kept, key, observation) && dropOldest(kept, key);
  }

  #takeClean(observation: Observation): boolean {
    if (multiplierOf(observation) === 0) return false;
    const day = dayOf(observation.at);
    const newest = this.#newestCleanOfDay.get(day);
    const isNewest = newest === undefined || precedes(newest, observation);
    if (isNewest) this.#newestCleanOfDay.set(day, observation);
    const key = `${groupOf(observation.counterparty)}|${day}`;
    const kept = this.#clean.get(key) ?? [];
    if (kept.some((o) => o.id === observation.id)) return isNewest;
    const least = kept.at(-1);
    if (least !== undefined && kept.length >= BOUNDS.perGroupAndDay && byValue(least, observation) < 0) return isNewest;
    const best = [...kept, observation].sort(byValue).slice(0, BOUNDS.perGroupAndDay);
    this.#clean.set(key, best);
    return isNewest || best.includes(observation);
  }

  #collect(now: number): readonly Observation[] {
    const gone = (day: number): boolean => (day + 1) * DAY_MS < now - HORIZON_MS;
    for (const [key, [first]] of this.#clean) if (first !== undefined && gone(dayOf(first.at))) this.#clean.delete(key);
    for (const day of this.#newestCleanOfDay.keys()) if (gone(day)) this.#newestCleanOfDay.delete(day);
    const clean = new Set([...this.#clean.values()].flat());
    for (const observation of this.#newestCleanOfDay.values()) clean.add(observation);
    const negative = [...this.#bounded.values()].flatMap((kept) => [...kept.values()]);
    return [...clean, ...negative, ...this.#unbounded.values()];
  }
}

/** A kind that is not in the catalogue is kept as it is: weighing it throws, and that denies. */
function isKnown({ kind }: Observation): boolean {
  try {
    return negativeKind(kind) !== undefined;
  } catch {
    return false;
  }
}

function takeNewest(kept: Map<string, Observation>, key: string, observation: Observation): boolean {
  const known = kept.get(key);
  if (known !== undefined && !precedes(known, observation)) return false;
  kept.set(key, observation);
  return true;
}

/** Leaves the newest events of a bucket; tells whether that of `key` is one of them. */
function dropOldest(kept: Map<string, Observation>, key: string): boolean {
  if (kept.size <= PER_BUCKET) return true;
  const [oldest] = [...kept].reduce((a, b) => (precedes(b[1], a[1]) ? b : a));
  kept.delete(oldest);
  return oldest !== key;
}

/** Best first. Within one UTC day decay is below 6 %, so the other side's level comes first and time second, whenever they are weighed. */
function byValue(a: Observation, b: Observation): number {
  return multiplierOf(b) - multiplierOf(a) || b.at - a.at || (a.id < b.id ? -1 : 1);
}
