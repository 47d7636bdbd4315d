import type { Hit } from './hit.js';
import { inTime, type Technique } from './technique.js';

const MOST_COMPILED = 5_000;
const compiled = new Map<string, RegExp>();

/** Finds a phrase whatever its case and the white space between its words; it has to stand alone, not inside a word. */
function expressionOf(phrase: string): RegExp {
  const known = compiled.get(phrase);
  if (known !== undefined) return known;
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  const words = phrase.trim().split(/\s+/).map(escaped);
  const made = new RegExp(`(?<![\\p{L}\\p{N}])${words.join('[\\s\\p{Cf}]+')}(?![\\p{L}\\p{N}])`, 'giu');
  compiled.set(phrase, made);
  return made;
}

function escaped(word: string): string {
  return word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** Phrases of an organisation: of a security guardrail they are matters of compliance, of a quality guardrail matters of brand. */
export const phrases: Technique = ({ fields }, guardrail, { budget }) => {
  const category = guardrail.category === 'SECURITY' ? 'COMPLIANCE' : 'BRAND';
  const hits: Hit[] = [];
  for (const phrase of guardrail.phrases)
    for (const [index, { text, origin }] of fields.entries()) {
      inTime(budget);
      for (const match of text.matchAll(expressionOf(phrase)))
        hits.push({
          category,
          kind: 'PHRASE',
          field: index,
          start: match.index,
          end: match.index + match[0].length,
          view: 'original',
          origin,
        });
    }
  return hits;
};
