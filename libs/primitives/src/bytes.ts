const BASE64URL = /^[A-Za-z0-9_-]*$/;

/** Bytes as a buffer over the same memory. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Encodes bytes as base64url without padding (RFC 4648 section 5). */
export function toBase64Url(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64url');
}

/** Decodes base64url without padding; throws on any character outside the alphabet and on a non-canonical ending. */
export function fromBase64Url(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (!BASE64URL.test(text) || bytes.toString('base64url') !== text) throw new Error('not base64url without padding');
  return bytes;
}

/** Encodes text as UTF-8. */
export function utf8(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}
