import { rewrite } from '../view.js';
import type { Traits } from '../traits.js';
import type { Decoder } from './decoder.js';

const TELLING = /[\p{L} ]/gu;

/** A decoder that writes every escape of a text as what it stands for. A text counts as written in them from `min` letters or spaces on. */
function escapes(
  name: string,
  { needs, min }: { readonly needs: keyof Traits; readonly min: number },
  pattern: RegExp,
  decode: (escape: string) => string,
): Decoder {
  return {
    name,
    needs,
    view: (from) => {
      let telling = 0;
      const view = rewrite(from, name, pattern, (escape) => {
        const text = decode(escape);
        telling += text.match(TELLING)?.length ?? 0;
        return text;
      });
      return telling < min ? undefined : view;
    },
  };
}

const codePoint = (code: number): string =>
  code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : ' ';

function percentBytes(run: string): string {
  return Buffer.from(run.replace(/[%=]/g, ''), 'hex').toString('utf8');
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  tab: ' ',
  newline: ' ',
  shy: '',
  zwnj: '',
  zwj: '',
  period: '.',
  comma: ',',
  colon: ':',
};

function entity(match: string): string {
  const body = match.slice(1).replace(/;$/, '');
  if (/^#x/i.test(body)) return codePoint(Number.parseInt(body.slice(2), 16));
  if (body.startsWith('#')) return codePoint(Number.parseInt(body.slice(1), 10));
  return ENTITIES[body.toLowerCase()] ?? match;
}

/** Percent-encoding (RFC 3986), with `+` for a space inside of what is encoded. */
export const percent = escapes('percent', { needs: 'percent', min: 2 }, /(?:%[0-9A-Fa-f]{2})+/g, percentBytes);

/** References to characters of HTML and XML. */
export const entities = escapes(
  'entities',
  { needs: 'ampersand', min: 2 },
  /&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});?/g,
  entity,
);

/** Escapes of programming languages: \u0069, \u{69}, \x69, U+0069. */
export const unicode = escapes(
  'unicode',
  { needs: 'escape', min: 2 },
  /(?:\\u|\\\\u|\bU\+|%u)[0-9A-Fa-f]{4} ?|\\u\{[0-9A-Fa-f]{1,6}\}|\\x[0-9A-Fa-f]{2}/g,
  (match) => codePoint(Number.parseInt(match.replace(/^(?:\\\\u|\\u|\\x|U\+|%u)\{?/, ''), 16)),
);

/** Quoted-printable (RFC 2045). */
export const quotedPrintable = escapes(
  'quoted-printable',
  { needs: 'equals', min: 3 },
  /(?:=[0-9A-F]{2}){1,}/g,
  percentBytes,
);

const TAG_OFFSET = 0xe0000;
/** Letters written as the invisible tag characters of Unicode. */
export const tags = escapes('tags', { needs: 'nonAscii', min: 1 }, /[\u{E0020}-\u{E007E}]/gu, (tag) =>
  String.fromCodePoint((tag.codePointAt(0) ?? TAG_OFFSET) - TAG_OFFSET),
);

const byteOfSelector = (code: number): number => (code >= 0xe0100 ? code - 0xe0100 + 16 : code - 0xfe00);
/** Bytes written as variation selectors behind a character. */
export const selectors = escapes(
  'selectors',
  { needs: 'nonAscii', min: 1 },
  /[\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]{4,}/gu,
  (run) => Buffer.from([...run].map((one) => byteOfSelector(one.codePointAt(0) ?? 0xfe00))).toString('utf8'),
);
