import { createHmac, type KeyObject } from 'node:crypto';
import { formatDigest, sha256, type Digest } from '@countersign/primitives';

/** What a sealed payload is: the body of a submission, or the verdict lines that a decision was taken on. */
export const PAYLOAD_KINDS = ['submission', 'verdicts'] as const;
/** What a sealed payload is. */
export type PayloadKind = (typeof PAYLOAD_KINDS)[number];

/** What a header of version 2 says of its payload. `commitment` is null where the key of its epoch had been erased before the entry was written. */
export interface HeaderPayload {
  readonly kind: PayloadKind;
  /** The month of the entry, `2026-11`: its payloads share one key and end together. */
  readonly epoch: string;
  readonly commitment: Digest | null;
}

/** The 32-byte salt of one event under the salting key of its organisation and epoch: the same on every replay, gone with the key. */
export function payloadSalt(
  saltingKey: Uint8Array | KeyObject,
  event: { readonly org: string; readonly id: string },
): Buffer {
  return createHmac('sha256', saltingKey).update(`countersign/audit/salt/v2\0${event.org}\0${event.id}`).digest();
}

/** SHA-256(salt ‖ payload): what the header holds, so that the payload can go and the chain stays whole. Without the salt nobody can guess a short payload from it. */
export function payloadCommitment(salt: Uint8Array, payload: Uint8Array): Digest {
  return formatDigest(sha256(salt, payload));
}
