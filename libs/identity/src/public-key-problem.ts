import { fromBase64Url } from '@countersign/primitives';

/** The prime of the field, and the smallest y that is none of it. */
const P = 2n ** 255n - 19n;
/** One of the two y of points of order 8; the other is `P` less it. */
const ORDER_8_Y = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/** The y of all eight points whose order divides the cofactor: orders 1, 2, 4 and 8. */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([0n, 1n, P - 1n, ORDER_8_Y, P - ORDER_8_Y]);
/** The y where x is zero, so that there is no point with a sign. */
const ZERO_X_Y: ReadonlySet<bigint> = new Set([1n, P - 1n]);

/**
 * What is wrong with an Ed25519 public key that somebody gives (base64url of its 32 bytes); undefined when nothing is. Under a key of small order anybody can sign: RFC 8032
 * leaves it to the verifier, and libraries answer differently. A second encoding of a point would be a second key id of one key (RFC 8032, 5.1.3).
 */
export function publicKeyProblem(text: string): string | undefined {
  const raw = bytesOf(text);
  if (raw?.length !== 32) return 'must be the 32 bytes of an Ed25519 public key in base64url';
  const last = raw[31] ?? 0;
  raw[31] = last & 0x7f;
  const y = BigInt(`0x${raw.reverse().toString('hex')}`);
  if (y >= P || (last > 0x7f && ZERO_X_Y.has(y))) return 'is not the one encoding of its point; make a new key';
  if (SMALL_ORDER_Y.has(y)) return 'is a point of small order, under which anybody can sign; make a new key';
  return undefined;
}

function bytesOf(text: string): Buffer | undefined {
  try {
    return fromBase64Url(text);
  } catch {
    return undefined;
  }
}
