import type { Traits } from '../traits.js';
import { segmentsView, textOf, type Decoded, type Decoder } from './decoder.js';

/** A decoder of segments: a global pattern that finds them, and what a segment means in bytes. */
function segments(
  name: string,
  needs: keyof Traits,
  pattern: RegExp,
  bytesOf: (segment: string) => Uint8Array | undefined,
): Decoder {
  function* decoded(text: string): Generator<Decoded> {
    for (const { 0: segment, index } of text.matchAll(pattern)) {
      const bytes = bytesOf(segment);
      const plain = bytes === undefined ? undefined : textOf(bytes);
      if (plain !== undefined) yield { start: index, end: index + segment.length, text: plain };
    }
  }
  return { name, needs, view: (from) => segmentsView(from, name, decoded(from.text)) };
}

const numbers =
  (digits: RegExp, radix: number) =>
  (segment: string): Uint8Array | undefined => {
    const values = [...segment.matchAll(digits)].map(([d]) => Number.parseInt(d, radix));
    return values.every((v) => v < 256) ? Uint8Array.from(values) : undefined;
  };

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function base32(segment: string): Uint8Array {
  const out: number[] = [];
  let bits = 0;
  let value = 0;
  for (const letter of segment.replace(/=+$/, '')) {
    value = ((value << 5) | BASE32.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits >= 8) out.push((value >> (bits -= 8)) & 0xff);
  }
  return Uint8Array.from(out);
}

/** Base64 in both alphabets, also over several lines. */
export const base64 = segments(
  'base64',
  'base64',
  /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}(?: [A-Za-z0-9+/_-]{8,}){0,2000}={0,2}/g,
  (segment) => Buffer.from(segment.replaceAll(' ', ''), 'base64'),
);

/** Pairs of hexadecimal digits, together or set apart (`69 67`, `0x69,0x67`, `\x69`). */
export const hex = segments(
  'hex',
  'hex',
  /(?<![0-9A-Fa-f])(?:0x|\\x)?[0-9A-Fa-f]{2}(?:(?:, ?|[ :-])?(?:0x|\\x)?[0-9A-Fa-f]{2}){7,}/g,
  (segment) => numbers(/[0-9a-f]{2}/gi, 16)(segment.replace(/0x|\\x/g, '')),
);

/** Bytes as eight binary digits. */
export const binary = segments('binary', 'decimal', /(?<![01])[01]{8}(?:[ ,]?[01]{8}){7,}/g, numbers(/[01]{8}/g, 2));

/** Codes of characters in decimal. */
export const decimal = segments(
  'decimal',
  'decimal',
  /(?<!\d)\d{2,3}(?:(?:, ?|[ ;])\d{2,3}){7,}/g,
  numbers(/\d{2,3}/g, 10),
);

/** Base32 (RFC 4648). */
export const base32Text = segments('base32', 'base32', /(?<![A-Z0-9])[A-Z2-7]{24,}={0,6}/g, base32);
