import { createHash, hash } from 'node:crypto';
import { asBuffer } from './bytes.js';

/** `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = `sha256:${string}`;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Up to here copying costs less than the object of a hash in parts. */
const SCRATCH = Buffer.alloc(16_384);

/** SHA-256 (FIPS 180-4) over the parts, one after another. 32 bytes. */
export function sha256(...parts: readonly (Uint8Array | string)[]): Buffer {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return hashOf(only);
  const joined = joinedInto(SCRATCH, parts);
  if (joined !== undefined) return hashOf(joined);
  const state = createHash('sha256');
  for (const part of parts) state.update(part);
  return state.digest();
}

/** By way of a text of 32 characters: a buffer that OpenSSL fills has memory of its own, which costs more than to hash a hundred bytes. */
function hashOf(data: Uint8Array | string): Buffer {
  return Buffer.from(hash('sha256', data, 'binary'), 'latin1');
}

/** The parts one after another at the start of `target`; undefined where it might be too small. */
function joinedInto(target: Buffer, parts: readonly (Uint8Array | string)[]): Buffer | undefined {
  let end = 0;
  for (const part of parts) {
    // a character of UTF-16 has at most three bytes of UTF-8
    if (end + part.length * (typeof part === 'string' ? 3 : 1) > target.length) return undefined;
    if (typeof part === 'string') end += target.write(part, end);
    else {
      target.set(part, end);
      end += part.length;
    }
  }
  return target.subarray(0, end);
}

/** Writes 32 bytes of SHA-256 as a {@link Digest}. */
export function formatDigest(bytes: Uint8Array): Digest {
  return `sha256:${asBuffer(bytes).toString('hex')}`;
}

/** Reads a {@link Digest} back to its 32 bytes; throws when the text is none. */
export function parseDigest(text: string): Buffer {
  if (!isDigest(text)) throw new Error('not a sha256 digest');
  return Buffer.from(text.slice(7), 'hex');
}

/** Tells whether the text is `sha256:` and 64 lower-case hexadecimal digits. */
export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}
