import type { Origin } from './finding.js';
import { FOUND, weightOf } from './rule.js';
import type { Hit } from './scan.js';

/** Rules weigh together when they match within so many units: an attack is one passage, a long text has many passages. */
const STRETCH = 1_000;

/** Hits of one pack in one field, and what they come to. */
export interface Scored {
  /** The highest sum of weights of different rules in a stretch. */
  readonly score: number;
  /** The hits of every stretch whose sum reaches FOUND. */
  readonly found: readonly Hit[];
}

/** Slides a stretch over hits and sums the weights of the different rules in it. */
export function scored(hits: readonly Hit[], origin: Origin): Scored {
  const sorted = [...hits].sort((a, b) => a.start - b.start);
  const inside = new Map<string, number>();
  const found = new Set<Hit>();
  let score = 0;
  let sum = 0;
  let first = 0;
  for (const [index, hit] of sorted.entries()) {
    for (
      let oldest = sorted[first];
      oldest !== undefined && hit.start - oldest.start > STRETCH;
      oldest = sorted[first]
    ) {
      const left = (inside.get(oldest.rule.id) ?? 1) - 1;
      inside.set(oldest.rule.id, left);
      if (left === 0) sum -= weightOf(oldest.rule, origin);
      first += 1;
    }
    const before = inside.get(hit.rule.id) ?? 0;
    inside.set(hit.rule.id, before + 1);
    if (before === 0) sum += weightOf(hit.rule, origin);
    score = Math.max(score, sum);
    if (sum >= FOUND) for (const one of sorted.slice(first, index + 1)) found.add(one);
  }
  return { score, found: sorted.filter((hit) => found.has(hit) && weightOf(hit.rule, origin) > 0) };
}
