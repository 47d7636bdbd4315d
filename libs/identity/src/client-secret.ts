import { createHmac, timingSafeEqual } from 'node:crypto';
import { sha256, type Random } from '@countersign/primitives';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** A client id with its secret, which is shown once and stored only as a keyed hash. */
export interface ClientCredential {
  readonly clientId: string;
  /** `csk_<id>_<random>_<checksum>`: the checksum lets a scanner tell a real one from an example. */
  readonly secret: string;
}

function word(random: Random, length: number): string {
  let out = '';
  while (out.length < length)
    for (const byte of random.bytes(length)) if (byte < 252 && out.length < length) out += ALPHABET.charAt(byte % 36);
  return out;
}

const checksum = (text: string): string => sha256(text).toString('hex').slice(0, 6);

/** A new credential: 62 random bits of id, 206 of secret. */
export function newClientCredential(random: Random): ClientCredential {
  const clientId = word(random, 12);
  const body = `csk_${clientId}_${word(random, 40)}`;
  return { clientId, secret: `${body}_${checksum(body)}` };
}

/** The client id inside a well-formed secret; undefined for anything else, before any database is asked. */
export function clientIdOf(secret: string): string | undefined {
  const match = /^(csk_([0-9a-z]{12})_[0-9a-z]{40})_([0-9a-f]{6})$/.exec(secret);
  return match?.[1] !== undefined && checksum(match[1]) === match[3] ? match[2] : undefined;
}

/** HMAC-SHA256 of a secret under the installation's pepper: what is stored. */
export function hashSecret(pepper: Uint8Array, secret: string): Buffer {
  return createHmac('sha256', pepper).update(secret).digest();
}

/** Compares a presented secret with a stored hash in constant time. */
export function secretMatches(pepper: Uint8Array, secret: string, stored: Uint8Array): boolean {
  const presented = hashSecret(pepper, secret);
  return presented.length === stored.length && timingSafeEqual(presented, stored);
}
