import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BARRIER } from './barrier.js';
import { DECODERS, INVISIBLE_DECODERS } from './decoders/all-decoders.js';
import { textOf } from './decoders/decoder.js';
import { folded } from './folded.js';
import { normalised } from './normalised.js';
import { unleeted, unspaced } from './respelled.js';
import { traitsOf } from './traits.js';
import { View } from './view.js';

/** Texts that come close to what the patterns look for, from both sides. */
const pieces = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom(
    ' ',
    '  ',
    '\n',
    '-\n',
    '\r\n ',
    '\t',
    '\u00a0',
    '\u0085',
    BARRIER,
    ` ${BARRIER}`,
    '\x00',
    '\x7f',
    '\u200b',
  ),
  fc.constantFrom('a', 'B', '1', 'a b c d ', 'a.b.c.d', ' i-g ', 'l33t ', '3v', '1gn0r3', '+', '|x', '$'),
  fc.constantFrom('é', 'e\u0301', 'а', '\u{E0069}', '\ufe01\ufe02\ufe03\ufe04', '𝐢'),
  fc.constantFrom('%69', '&#105;', '&amp;', '\\u0069', 'U+0069 ', '%u0069', '\\x69', '=69=6E', '69', '0x69, ', '\\x69'),
  fc.constantFrom('01101001', '01101001 ', '105, ', '105;', '99 ', 'aWdub3JlIGFsbCBv', 'NFTW433SMUQGC3DMEBXWMIDJ'),
);
const hostile = fc.array(pieces, { maxLength: 24 }).map((all) => all.join(''));
const ALL = Object.fromEntries(Object.keys(traitsOf('')).map((name) => [name, true]));

/** The same text, of which everything is looked for. */
function lookedOver(text: string): View {
  const view = View.original(text);
  Object.defineProperty(view, 'traits', { value: ALL });
  return view;
}

describe('the traits of a text', () => {
  it('rule out no spelling that is in it', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const spell of [normalised, folded, unspaced])
          expect(spell(View.original(text)).text).toBe(spell(lookedOver(text)).text);
        const texts = (views: readonly View[]): readonly string[] => views.map((view) => view.text);
        expect(texts(unleeted(View.original(text)))).toEqual(texts(unleeted(lookedOver(text))));
      }),
      { numRuns: 3_000 },
    );
  });

  it('rule out no encoding that is in it', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const view = View.original(text);
        for (const { name, needs, view: decode } of [...INVISIBLE_DECODERS, ...DECODERS])
          if (needs !== undefined && !view.traits[needs]) expect([name, decode(view)?.text]).toEqual([name, undefined]);
      }),
      { numRuns: 3_000 },
    );
  });

  it('rule most patterns out in plain prose', () => {
    const traits = traitsOf('Revenue rose by 4.2 percent, mainly because three customers renewed early.');
    expect(Object.entries(traits).filter(([, has]) => has)).toEqual([]);
  });
});

describe('decoded bytes', () => {
  it('are text when hardly anything in them cannot be printed and most are letters', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      hostile.map((text) => Buffer.from(text)),
      hostile.map((text) => Buffer.from(text, 'utf16le')),
      fc
        .array(fc.constantFrom('a', ' ', '.', '\x01', '\ufffd', 'é', '\u0085', '٣', '漢'), { maxLength: 40 })
        .map((all) => Buffer.from(all.join(''))),
    );
    const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
    fc.assert(
      fc.property(bytes, (given) => {
        const text = textOf(given);
        const plain = text ?? new TextDecoder().decode(given);
        const isText =
          plain.length >= 8 &&
          count(plain, /(?![\t-\r])[\p{Cc}\uFFFD]/gu) * 20 <= plain.length &&
          count(plain, /[\p{L}\p{N} ]/gu) * 10 >= plain.length * 6;
        // UTF-16 that is no text is full of zeros, which are none either
        expect(text !== undefined).toBe(isText);
      }),
      { numRuns: 2_000 },
    );
  });
});
