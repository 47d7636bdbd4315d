import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { publicKeyOfRaw, rawPublicKeyOf } from '../signing-key.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const KEY_BYTES = 32;
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const X25519_PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** Kinds of NATS key with their prefix byte; S marks a seed. */
export const NKEY_PREFIX = { account: 0, server: 13 << 3, user: 20 << 3, curve: 23 << 3, seed: 18 << 3 } as const;

function base32(bytes: Uint8Array): string {
  let out = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) out += ALPHABET.charAt((value >>> (bits - 5)) & 31);
    value &= 0xff;
  }
  return bits > 0 ? out + ALPHABET.charAt((value << (5 - bits)) & 31) : out;
}

function unbase32(text: string): Buffer {
  const out: number[] = [];
  let bits = 0;
  let value = 0;
  for (const letter of text) {
    const digit = ALPHABET.indexOf(letter);
    if (digit < 0) throw new Error('not an nkey');
    value = (value << 5) | digit;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out.push((value >>> bits) & 0xff);
    }
    value &= 0x1fff;
  }
  return Buffer.from(out);
}

/** CRC-16/XMODEM, the check of an nkey. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let i = 0; i < 8; i += 1) crc = ((crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021) & 0xffff;
  }
  return crc;
}

function checked(text: string): Buffer {
  const raw = unbase32(text);
  const body = raw.subarray(0, -2);
  if (raw.length < 3 + KEY_BYTES || raw.readUInt16LE(raw.length - 2) !== crc16(body)) throw new Error('not an nkey');
  return body;
}

/** Writes a public key as nkey text. */
export function encodePublicNkey(prefix: number, raw: Uint8Array): string {
  const body = Buffer.concat([Buffer.of(prefix), raw]);
  const crc = Buffer.alloc(2);
  crc.writeUInt16LE(crc16(body));
  return base32(Buffer.concat([body, crc]));
}

/** The 32 raw bytes of a public nkey of this kind; throws when it is none. */
export function decodePublicNkey(prefix: number, text: string): Buffer {
  const body = checked(text);
  if (body[0] !== prefix || body.length !== 1 + KEY_BYTES) throw new Error('not a public nkey of the expected kind');
  return body.subarray(1);
}

/** The 32 raw bytes of a seed of this kind; throws, without showing it, when it is none. */
export function decodeNkeySeed(prefix: number, seed: string): Buffer {
  const body = checked(seed.trim());
  const kind = (((body[0] ?? 0) & 7) << 5) | (((body[1] ?? 0) & 248) >> 3);
  if (((body[0] ?? 0) & 248) !== NKEY_PREFIX.seed || kind !== prefix || body.length !== 2 + KEY_BYTES)
    throw new Error('not a seed of the expected kind');
  return body.subarray(2);
}

/** An Ed25519 private key of its seed (RFC 8032). */
export function ed25519OfSeed(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, seed]), format: 'der', type: 'pkcs8' });
}

/** An X25519 private key of its scalar (RFC 7748). */
export function x25519OfScalar(scalar: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([X25519_PKCS8, scalar]), format: 'der', type: 'pkcs8' });
}

/** An X25519 public key of its 32 raw bytes. */
export function x25519Public(raw: Uint8Array): KeyObject {
  return createPublicKey({
    format: 'jwk',
    key: { kty: 'OKP', crv: 'X25519', x: Buffer.from(raw).toString('base64url') },
  });
}

/** An account key that signs NATS JWTs. */
export class NatsIssuer {
  readonly publicKey: string;
  readonly key: KeyObject;

  constructor(seed: string) {
    this.key = ed25519OfSeed(decodeNkeySeed(NKEY_PREFIX.account, seed));
    this.publicKey = encodePublicNkey(NKEY_PREFIX.account, rawPublicKeyOf(createPublicKey(this.key)));
  }
}

/** The public key object of a server's nkey. */
export function serverKeyOf(nkey: string): KeyObject {
  return publicKeyOfRaw(decodePublicNkey(NKEY_PREFIX.server, nkey));
}
