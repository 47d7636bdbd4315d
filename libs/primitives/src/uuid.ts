import type { Random } from './random.js';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function format(bytes: Buffer): string {
  const hex = bytes.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function stamp(bytes: Buffer, version: number): Buffer {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | (version << 4), 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes;
}

/** A time-ordered identifier, RFC 9562 section 5.7: 48 bits of milliseconds, 74 random bits; lower case. */
export function uuidV7(nowMs: number, random: Random): string {
  const bytes = random.bytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  return format(stamp(bytes, 7));
}

/** An identifier made of the first 16 bytes of a hash, RFC 9562 section 5.8: the same input gives the same identifier. */
export function uuidV8(hash: Uint8Array): string {
  return format(stamp(Buffer.from(hash), 8));
}

/** Tells whether the text is a lower-case UUIDv7. */
export function isUuidV7(text: string): boolean {
  return UUID_V7.test(text);
}

/** The milliseconds since 1970 that a UUIDv7 carries; throws when it is none. */
export function timeOfUuidV7(uuid: string): number {
  if (!isUuidV7(uuid)) throw new Error('not a lower-case UUIDv7');
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
}
