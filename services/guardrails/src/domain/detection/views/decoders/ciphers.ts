import { needlesOf } from '../needles.js';
import { segmentsView, type Decoded, type Decoder } from './decoder.js';

/** Words of which one is in what is worth hiding; a line is turned back only when one of them shows. */
const CLUES = ['instruction', 'previous', 'system prompt', 'ignore ', 'disregard'];
const LINE = /[^\n\r\u2028]+/g;

function lines(name: string, encode: (clue: string) => string, decode: (line: string) => string): Decoder {
  const clues = CLUES.map(encode);
  const needles = needlesOf([clues]);
  function* decoded(text: string): Generator<Decoded> {
    for (const { 0: line, index } of text.matchAll(LINE)) {
      const lower = line.toLowerCase();
      if (clues.some((clue) => lower.includes(clue)))
        yield { start: index, end: index + line.length, text: decode(line) };
    }
  }
  return {
    name,
    view: (from) => {
      return from.literals.satisfied(needles)[0] === 1 ? segmentsView(from, name, decoded(from.text)) : undefined;
    },
  };
}

function shift(text: string, by: number): string {
  return text.replace(/[a-z]/gi, (letter) => {
    const base = letter < 'a' ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - base + by + 26) % 26) + base);
  });
}

const mirror = (text: string): string =>
  text.replace(/[a-z]/gi, (letter) => {
    const base = letter < 'a' ? 65 : 97;
    return String.fromCharCode(base + 25 - (letter.charCodeAt(0) - base));
  });

const backwards = (text: string): string => [...text].reverse().join('');

/** Text written backwards. */
export const reversed = lines('reversed', backwards, backwards);

/** The alphabet mirrored. */
export const atbash = lines('atbash', mirror, mirror);

/** The alphabet moved on by thirteen letters. */
export const rot13 = lines(
  'rot13',
  (clue) => shift(clue, 13),
  (line) => shift(line, 13),
);

/** The alphabet moved on by one to five letters, or back. */
export const caesar: readonly Decoder[] = [1, 2, 3, 4, 5, 21, 22, 23, 24, 25].map((by) =>
  lines(
    'caesar',
    (clue) => shift(clue, by),
    (line) => shift(line, 26 - by),
  ),
);
