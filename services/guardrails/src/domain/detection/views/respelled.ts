import { rewrite, type View } from './view.js';

/** Letters set apart: at least four single letters with the same kind of separator between them. */
const SPACED = /(?<![A-Za-z0-9])[A-Za-z0-9](?:[ ._*|/+~-]{1,3}[A-Za-z0-9](?![A-Za-z0-9])){3,400}/g;
const SEPARATOR = /[ ._*|/+~-]{1,3}/g;

/** Joins letters that were set apart (`i g n o r e`); a separator that is wider than the others parts words. */
export function unspaced(view: View): View {
  if (!view.traits.spaced) return view;
  return rewrite(view, 'spaced', SPACED, (match) => {
    const narrow = Math.min(...[...match.matchAll(SEPARATOR)].map(([s]) => s.length));
    return match.replace(SEPARATOR, (s) => (s.length > narrow ? ' ' : ''));
  });
}

const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '@': 'a',
  $: 's',
  '!': 'i',
  '|': 'l',
  '+': 't',
};
const LEET_WORD = /[A-Za-z013457@$!|+8]{3,400}/g;
const LEET_SIGN = /[013457@$!|+8]/g;
/** From so many words on, or one so long, signs are read as letters; fewer are names and numbers. */
const WORDS = 3;
const LONG = 16;

/** Letters written as digits and signs that look like them (`1gn0r3`), in the two readings of 1. */
export function unleeted(view: View): readonly View[] {
  if (!view.traits.leet) return [];
  return ['i', 'l'].map((one) => unleetedAs(view, one)).filter((other) => other !== view);
}

function unleetedAs(view: View, one: string): View {
  let words = 0;
  const read = rewrite(view, 'leet', LEET_WORD, (word) => {
    if (!/[a-z]/i.test(word) || !/[013457@$!|+8][a-z]/i.test(word)) return word;
    words += word.length >= LONG ? WORDS : 1;
    return word.replace(LEET_SIGN, (sign) => (sign === '1' ? one : (LEET[sign] ?? sign)));
  });
  return words < WORDS ? view : read;
}

/** Nothing but letters: finds phrases whatever stands between their letters. */
export function squeezed(view: View): View {
  return rewrite(view, 'squeezed', /[^A-Za-z\u2028]+/g, () => '');
}
