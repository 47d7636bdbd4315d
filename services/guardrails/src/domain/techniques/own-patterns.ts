import { RE2JS } from 're2js';
import type { GuardrailPattern } from '@countersign/contracts';
import type { Hit } from './hit.js';
import { inTime, type Technique } from './technique.js';

const MOST_COMPILED = 1_000;
const compiled = new Map<string, RE2JS>();

/** Compiles an organisation's pattern (RE2 syntax: linear time, no look-around, no back-references); throws on anything else. */
export function compilePattern({ pattern }: Pick<GuardrailPattern, 'pattern'>): RE2JS {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  const made = RE2JS.compile(pattern);
  compiled.set(pattern, made);
  return made;
}

/** An organisation's own patterns on the texts as they stand. */
export const ownPatterns: Technique = ({ fields }, { patterns }, { budget }) => {
  const hits: Hit[] = [];
  for (const { pattern, kind } of patterns) {
    const expression = compilePattern({ pattern });
    for (const [index, { text, origin }] of fields.entries()) {
      inTime(budget);
      const matcher = expression.matcher(text);
      while (matcher.find()) {
        inTime(budget);
        const [start, end] = [matcher.start(), matcher.end()];
        if (end > start)
          hits.push({ category: 'COMPLIANCE', kind, field: index, start, end, view: 'original', origin });
      }
    }
  }
  return hits;
};
