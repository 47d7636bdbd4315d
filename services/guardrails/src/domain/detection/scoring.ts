import type { Origin } from './finding.js';
import { isMention, MENTIONED } from './mention.js';
import { FOUND, weightOf, type Rule } from './rule.js';
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

/** What a hit adds to its stretch, and with what else it counts only once. */
interface Share {
  readonly of: string;
  readonly weight: number;
}

/** The sum of a stretch that moves over hits. */
class Sum {
  readonly #inside = new Map<string, number>();
  total = 0;

  add({ of, weight }: Share): void {
    const before = this.#inside.get(of) ?? 0;
    this.#inside.set(of, before + 1);
    if (before === 0) this.total += weight;
  }

  remove({ of, weight }: Share): void {
    const left = (this.#inside.get(of) ?? 1) - 1;
    this.#inside.set(of, left);
    if (left === 0) this.total -= weight;
  }
}

/** Slides a stretch over hits in `text` and sums the weights of the different rules in it. All mentions of a stretch count together as one. */
export function scored(hits: readonly Hit[], text: string, origin: Origin): Scored {
  const shares = [...hits]
    .sort((a, b) => a.start - b.start)
    .map((hit) => ({ hit, share: shareOf(hit, text, origin) }))
    .filter(({ share }) => share.weight > 0);
  const sum = new Sum();
  const found = new Set<Hit>();
  let score = 0;
  let first = 0;
  for (const [index, { hit, share }] of shares.entries()) {
    for (let old = shares[first]; old !== undefined && hit.start - old.hit.start > STRETCH; old = shares[first]) {
      sum.remove(old.share);
      first += 1;
    }
    sum.add(share);
    score = Math.max(score, sum.total);
    if (sum.total >= FOUND)
      for (let i = index; i >= first && !found.has(shares[i]?.hit ?? hit); i -= 1) found.add(shares[i]?.hit ?? hit);
  }
  return { score, found: shares.map((s) => s.hit).filter((hit) => found.has(hit)) };
}

function shareOf(hit: Hit, text: string, origin: Origin): Share {
  const weight = weightOf(hit.rule, origin);
  if (mayBeMentioned(hit.rule) && isMention(hit, text)) return { of: 'mention', weight: Math.min(weight, MENTIONED) };
  return { of: hit.rule.id, weight };
}

/** A value is what it is, quoted or not; only words can be talked about. Hidden characters are not talked about either. */
function mayBeMentioned({ category, on }: Rule): boolean {
  return (
    on !== 'original' && (category === 'PROMPT_INJECTION' || category === 'JAILBREAK' || category === 'EXFILTRATION')
  );
}
