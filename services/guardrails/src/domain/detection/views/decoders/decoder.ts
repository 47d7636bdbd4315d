import { BARRIER } from '../barrier.js';
import type { Traits } from '../traits.js';
import { ViewBuilder, type View } from '../view.js';

/** A stretch of a text with what it says once decoded. */
export interface Decoded {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A way to write a text so that it is not recognised. */
export interface Decoder {
  readonly name: string;
  /** What a text must have that is written this way; without it there is nothing to look for. */
  readonly needs?: keyof Traits;
  /** The text decoded, or undefined when nothing in it is written this way. */
  readonly view: (from: View) => View | undefined;
}

/** One view of all segments that decode to text, each standing for its whole encoded segment, so that many segments need no more views than one. */
export function segmentsView(from: View, name: string, segments: Iterable<Decoded>): View | undefined {
  const builder = new ViewBuilder(from);
  let any = false;
  for (const { start, end, text } of segments) {
    builder.put(`${text.replaceAll(BARRIER, ' ')}${BARRIER}`, start, end);
    any = true;
  }
  return any ? builder.build(name) : undefined;
}

const WORDLIKE = /[\p{L}\p{N} ]/u;
const UTF8 = new TextDecoder('utf-8');

/** Bytes as text when they are text: valid UTF-8 (or UTF-16), at least eight characters, hardly anything unprintable, mostly letters. */
export function textOf(bytes: Uint8Array): string | undefined {
  const text = utf16(bytes) ?? UTF8.decode(bytes);
  return text.length >= 8 && readsAsText(text) ? text : undefined;
}

/** In one pass, which ends with what is too much: most segments are random bytes. */
function readsAsText(text: string): boolean {
  let bad = 0;
  let good = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (isUnprintable(code)) {
      bad += 1;
      if (bad * 20 > text.length) return false;
    } else if (code < 0x80 ? isWordlikeAscii(code) : WORDLIKE.test(character)) good += 1;
  }
  return good * 10 >= text.length * 6;
}

/** Controls (Unicode's Cc) other than white space, and what stands for bytes that are no text. */
function isUnprintable(code: number): boolean {
  return code < 0x20 ? code < 0x09 || code > 0x0d : (code >= 0x7f && code < 0xa0) || code === 0xfffd;
}

function isWordlikeAscii(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39) || code === 0x20
  );
}

function utf16(bytes: Uint8Array): string | undefined {
  const sample = bytes.subarray(0, 64);
  const zerosAt = (offset: number): boolean =>
    sample.length >= 16 && sample.every((b, i) => i % 2 !== offset || b === 0);
  if (zerosAt(1)) return new TextDecoder('utf-16le').decode(bytes);
  return zerosAt(0) ? new TextDecoder('utf-16be').decode(bytes) : undefined;
}
