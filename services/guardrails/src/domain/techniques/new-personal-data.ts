import type { Field } from '../detection/fields.js';
import type { Hit } from './hit.js';

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
  fields: readonly Field[],
  input: readonly Field[] | undefined,
): readonly Hit[] {
  if (input === undefined || !hits.some(({ category }) => category === 'PII')) return hits;
  const sent = input.map(({ text }) => squash(text));
  return hits.filter(({ category, field, start, end }) => {
    if (category !== 'PII') return true;
    const value = squash(fields[field]?.text.slice(start, end) ?? '');
    return value === '' || !sent.some((text) => text.includes(value));
  });
}
