import { RE2JS } from 're2js';
import type { GuardrailPattern } from '@countersign/contracts';
import type { Budget } from '../detection/detect.js';
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
export const ownPatterns: Technique = ({ fields }, { patterns }, { budget }) =>
  patterns.flatMap(({ pattern, kind }) => {
    const expression = compilePattern({ pattern });
    return fields.flatMap(({ text, origin }, field) =>
      spansOf(expression, text, budget).map(({ start, end }): Hit => ({
        category: 'COMPLIANCE',
        kind,
        field,
        start,
        end,
        view: 'original',
        origin,
      })),
    );
  });

function spansOf(
  expression: RE2JS,
  text: string,
  budget: Budget,
): readonly { readonly start: number; readonly end: number }[] {
  const spans: { start: number; end: number }[] = [];
  const matcher = expression.matcher(text);
  inTime(budget);
  while (matcher.find()) {
    inTime(budget);
    if (matcher.end() > matcher.start()) spans.push({ start: matcher.start(), end: matcher.end() });
  }
  return spans;
}
