import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { SystemRandom } from '@countersign/primitives';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Drawn in pools: a call of the system for each nonce is a fifth of sealing a kilobyte. */
const nonces = new SystemRandom();

/** Sealed bytes do not open: another key, another place, or changed. */
export class SealBroken extends Error {
  readonly code = 'SEAL_BROKEN';
}

/** A 32-byte key: its bytes, or the key made of them once, which spares more than half of what sealing a short text costs. */
export type SealKey = Uint8Array | KeyObject;

/** Seals bytes under a service's own 32-byte key with AES-256-GCM; `place` (task, attempt, side) is authenticated with them, so they open nowhere else. */
export function seal(key: SealKey, place: string, bytes: Uint8Array): Buffer {
  const nonce = nonces.bytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place, 'utf8'));
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

/** Opens sealed bytes; throws {@link SealBroken} when they are not what was sealed for this place. */
export function unseal(key: SealKey, place: string, sealed: Uint8Array): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < 1 + NONCE_BYTES + TAG_BYTES || bytes[0] !== VERSION) throw new SealBroken('not sealed bytes');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 1 + NONCE_BYTES)).setAAD(
      Buffer.from(place, 'utf8'),
    );
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    return Buffer.concat([
      decipher.update(bytes.subarray(1 + NONCE_BYTES, bytes.length - TAG_BYTES)),
      decipher.final(),
    ]);
  } catch (cause) {
    throw new SealBroken('sealed bytes do not open', { cause });
  }
}
