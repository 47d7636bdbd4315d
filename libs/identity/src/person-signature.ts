import { verify } from 'node:crypto';
import { fromBase64Url } from '@countersign/primitives';
import type { Purpose } from '@countersign/contracts';
import { publicKeyProblem } from './public-key-problem.js';
import { publicKeyOfRaw, signedBytes } from './signing-key.js';
import type { ReceivedSignature } from './trust-bundle.js';

/** The one key id of a signature; undefined unless both headers are there exactly once and have the form of a signature. */
export function soleKeyId({ kid, sig }: ReceivedSignature): string | undefined {
  return kid.length === 1 && sig.length === 1 && sig[0]?.length === 86 ? kid[0] : undefined;
}

/**
 * Whether a message carries a signature by this key over exactly purpose, subject and body. For the keys of people, which stand in the registry's read model and
 * never in the trust bundle. Nothing is signed by a key that {@link publicKeyProblem} finds fault with: it may stand in the read model from before it was refused.
 */
export function verifiesUnder(
  publicKey: string,
  received: ReceivedSignature,
  expected: { readonly purpose: Purpose; readonly subject: string; readonly bodyHash: Uint8Array },
): boolean {
  const [sig] = received.sig;
  if (soleKeyId(received) === undefined || sig === undefined || publicKeyProblem(publicKey) !== undefined) return false;
  const signed = signedBytes(expected.purpose, expected.subject, expected.bodyHash);
  return verify(null, signed, publicKeyOfRaw(fromBase64Url(publicKey)), Buffer.from(sig, 'base64url'));
}
