import { sha256, utf8 } from '@countersign/primitives';
import { PURPOSES } from '@countersign/contracts';
import { verifiesUnder } from './person-signature.js';
import type { SigningKey } from './signing-key.js';

/** What a person shows a server: the id of their key as the user, and their signature over the nonce that the server chose for this one connection. */
export interface PersonConnection {
  readonly user: string;
  /** Ed25519, base64url, for purpose `connect` and the key id as the subject. */
  readonly sig: string;
}

/** Signs the nonce of a connection. */
export function signConnection(key: SigningKey, nonce: string): PersonConnection {
  const { kid, sig } = key.sign(PURPOSES.connect, key.kid, sha256(utf8(nonce)));
  return { user: kid, sig };
}

/** Whether whoever connects has the private half of this key, and signed for this connection. */
export function provesConnection(publicKey: string, { user, sig }: PersonConnection, nonce: string): boolean {
  const expected = { purpose: PURPOSES.connect, subject: user, bodyHash: sha256(utf8(nonce)) };
  return verifiesUnder(publicKey, { kid: [user], sig: [sig] }, expected);
}
