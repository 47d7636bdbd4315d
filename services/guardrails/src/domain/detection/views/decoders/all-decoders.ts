import { base32Text, base64, binary, decimal, hex } from './binary-to-text.js';
import { atbash, caesar, reversed, rot13 } from './ciphers.js';
import type { Decoder } from './decoder.js';
import { entities, percent, quotedPrintable, selectors, tags, unicode } from './escapes.js';

/** What is written in characters that normalisation removes; read from the original. */
export const INVISIBLE_DECODERS: readonly Decoder[] = [tags, selectors];

/** Everything else, read from normalised text. */
export const DECODERS: readonly Decoder[] = [
  base64,
  hex,
  percent,
  entities,
  unicode,
  quotedPrintable,
  binary,
  decimal,
  base32Text,
  rot13,
  reversed,
  atbash,
  ...caesar,
];
