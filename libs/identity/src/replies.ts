import { sha256 } from '@countersign/primitives';
import { PURPOSES, type Signer } from '@countersign/contracts';
import type { Signature, SigningKey } from './signing-key.js';
import type { ReceivedSignature, SignatureCheck, TrustBundle } from './trust-bundle.js';

/** A request and the reply that answers it: a reply is signed over the request's subject and both bodies, because the replier sees another reply subject than the asker. */
export interface Exchange {
  readonly subject: string;
  readonly request: Uint8Array;
  readonly reply: Uint8Array;
}

function replyHash({ request, reply }: Exchange): Buffer {
  return sha256(Buffer.concat([sha256(request), sha256(reply)]));
}

/** Signs a reply. */
export function signReply(key: SigningKey, exchange: Exchange): Signature {
  return key.sign(PURPOSES.reply, exchange.subject, replyHash(exchange));
}

/** Checks that one of the signers gave this reply to this very request. */
export function checkReply(
  bundle: TrustBundle,
  received: ReceivedSignature,
  exchange: Exchange,
  expected: { readonly signers: readonly Signer[]; readonly at: number },
): SignatureCheck {
  return bundle.check(received, {
    purpose: PURPOSES.reply,
    subject: exchange.subject,
    bodyHash: replyHash(exchange),
    ...expected,
  });
}
