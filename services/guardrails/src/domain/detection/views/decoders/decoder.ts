import { BARRIER, ViewBuilder, type View } from '../view.js';

/** A stretch of a text with what it says once decoded. */
export interface Decoded {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A way to write a text so that it is not recognised. */
export interface Decoder {
  readonly name: string;
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

const UNPRINTABLE = /(?![\t-\r])[\p{Cc}\uFFFD]/gu;
const WORDLIKE = /[\p{L}\p{N} ]/gu;

/** Bytes as text when they are text: valid UTF-8 (or UTF-16), at least eight characters, hardly anything unprintable, mostly letters. */
export function textOf(bytes: Uint8Array): string | undefined {
  const text = utf16(bytes) ?? new TextDecoder('utf-8').decode(bytes);
  if (text.length < 8) return undefined;
  const bad = text.match(UNPRINTABLE)?.length ?? 0;
  const good = text.match(WORDLIKE)?.length ?? 0;
  return bad * 20 > text.length || good * 10 < text.length * 6 ? undefined : text;
}

function utf16(bytes: Uint8Array): string | undefined {
  const sample = bytes.subarray(0, 64);
  const zerosAt = (offset: number): boolean =>
    sample.length >= 16 && sample.every((b, i) => i % 2 !== offset || b === 0);
  if (zerosAt(1)) return new TextDecoder('utf-16le').decode(bytes);
  return zerosAt(0) ? new TextDecoder('utf-16be').decode(bytes) : undefined;
}
