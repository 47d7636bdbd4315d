import type { Origin } from './finding.js';
import { Readings } from './reading.js';
import type { RulePack } from './rule.js';
import { scan } from './scan.js';
import { scored } from './scoring.js';
import { viewsOf } from './views/all-views.js';
import { View } from './views/view.js';

/** What the rules of some packs come to on one text, and which of them matched: the number that a threshold is set on. */
export interface TextScore {
  readonly score: number;
  readonly rules: readonly string[];
}

/** Scores a text as if somebody of that origin had said it; the highest sum of any pack counts. There is no limit of time. */
export function scoreText(text: string, origin: Origin, packs: readonly RulePack[]): TextScore {
  const hits = scan(new Readings(viewsOf(View.original(text))), packs, { expired: () => false }) ?? [];
  const scores = packs.map(
    (pack) =>
      scored(
        hits.filter((hit) => hit.pack === pack.name),
        text,
        origin,
      ).score,
  );
  return { score: Math.max(0, ...scores), rules: [...new Set(hits.map((hit) => hit.rule.id))] };
}
