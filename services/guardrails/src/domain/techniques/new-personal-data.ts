import type { Hit } from './hit.js';
import type { BodyUnderScreening } from './technique.js';

function squash(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');
}

/**
 * Leaves out personal data of an answer that its caller had sent: to give it back discloses nothing. Without the input everything is new.
 */
export function onlyNewPersonalData(
  hits: readonly Hit[],
  body: Pick<BodyUnderScreening, 'fields' | 'input'>,
): readonly Hit[] {
  if (!hits.some(({ category }) => category === 'PII')) return hits;
  const { fields, input } = body;
  if (input === undefined) return hits;
  const sent = input.map(({ text }) => squash(text));
  return hits.filter(({ category, field, start, end }) => {
    if (category !== 'PII') return true;
    const value = squash(fields[field]?.text.slice(start, end) ?? '');
    return value === '' || !sent.some((text) => text.includes(value));
  });
}
