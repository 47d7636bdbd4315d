import { wordsOf } from './prompt-leak.js';
import { inTime, wholeField, type Technique } from './technique.js';

/** Below this share of supported atoms the guardrail acts; between it and 1 it warns. */
const ACTS_BELOW = 0.8;

/** What can be checked in a text, most telling first: each takes its text away from those that follow. */
const ATOMS: readonly (readonly [RegExp, (match: readonly string[]) => string])[] = [
  [/https?:\/\/[^\s)"'<>]+/g, ([all = '']) => `url:${all.replace(/[.,;]+$/, '').toLowerCase()}`],
  [/\b(\d{4})-(\d{2})-(\d{2})\b/g, ([all = '']) => `date:${all}`],
  [/([$€£])\s?(\d[\d,]*(?:\.\d+)?)/g, ([, sign = '', amount = '']) => `money:${sign}${numberOf(amount)}`],
  [/(?<![\d,])(\d[\d,]*(?:\.\d+)?)\s?%/g, ([, share = '']) => `pct:${numberOf(share)}`],
  [/"([^"]{12,})"/g, ([, quote = '']) => `quote:${wordsOf(quote).join(' ')}`],
  [/\b[A-Z]{2,20}-\d{2,20}\b/g, ([all = '']) => `id:${all}`],
  [/\b\d[\d,]*(?:\.\d+)?\b/g, ([all = '']) => `num:${numberOf(all)}`],
];

function numberOf(text: string): string {
  return String(Number(text.replace(/,(?=\d{3}\b)/g, '')));
}

/** Checkable atoms of a text: URLs, ISO dates, money, percentages, long quotes, identifiers, numbers; each once. */
export function atomsOf(text: string): readonly string[] {
  const atoms = new Set<string>();
  let rest = text;
  for (const [pattern, nameOf] of ATOMS)
    rest = rest.replace(pattern, (...match: unknown[]) => {
      atoms.add(nameOf(match.filter((part): part is string => typeof part === 'string')));
      return ' ';
    });
  return [...atoms];
}

/** How far a text stands on its sources; `score` is null where nothing can be checked. */
export interface Grounding {
  readonly atoms: number;
  readonly unsupported: readonly string[];
  readonly score: number | null;
}

/** Looks every atom of the texts up in the sources. */
export function groundingOf(texts: readonly string[], sources: readonly string[]): Grounding {
  const known = new Set(sources.flatMap(atomsOf));
  const words = sources.map((source) => wordsOf(source).join(' ')).join('\n');
  const atoms = [...new Set(texts.flatMap(atomsOf))];
  const unsupported = atoms.filter(
    (atom) => !known.has(atom) && !(atom.startsWith('quote:') && words.includes(atom.slice('quote:'.length))),
  );
  return {
    atoms: atoms.length,
    unsupported,
    score: atoms.length === 0 ? null : (atoms.length - unsupported.length) / atoms.length,
  };
}

/** Whether an answer stands on the data that came with the task; the task's instructions are no source. Fails when the task can no longer be read. */
export const grounding: Technique = ({ stage, fields, input }, _guardrail, { budget }) => {
  if (stage !== 'OUTPUT') return [];
  if (input === undefined) throw new Error('the input of the task is not available');
  const sources = input.filter(({ origin }) => origin !== 'instruction').map(({ text }) => text);
  const answers = fields.map(({ text, leaf }) => (leaf === 'key' || leaf === 'name' ? '' : text));
  const { unsupported, score } = groundingOf(answers, sources);
  inTime(budget);
  if (score === null || unsupported.length === 0) return [];
  const missing = new Set(unsupported);
  const most = score >= ACTS_BELOW ? ({ atMost: 'WARN' } as const) : {};
  return answers.flatMap((text, index) =>
    atomsOf(text).some((atom) => missing.has(atom))
      ? [wholeField(fields, index, { category: 'GROUNDING', kind: 'UNSUPPORTED', ...most })]
      : [],
  );
};
