import { parseInstant, sha256 } from '@countersign/primitives';
import { instantSchema, MAX_STALENESS_MS, PURPOSES, type ReadModelOwner } from '@countersign/contracts';
import type { SignatureFailure, TrustBundle } from '@countersign/identity';
import { z } from 'zod';
import { jsonOf, type StreamMessage } from './messages.js';

const putSchema = z.looseObject({ putAt: instantSchema });

/** Why a message of a bucket does not count; `replayed`: its owner signed it, but not for now. */
export type RecordFailure = SignatureFailure | 'malformed' | 'replayed';

/** What a message of a bucket says, or why it does not count. */
export type ReadRecord =
  | { readonly ok: true; readonly content: unknown; readonly putAt: number }
  | { readonly ok: false; readonly failure: RecordFailure };

/**
 * Reads a message of a read model's bucket. It counts when its owner signed it for this very key and the stream took it at most three seconds from the
 * instant at which the owner says it put it there: whoever may publish here could otherwise put an older record, signature and all, back into force for
 * everyone who starts to read later.
 */
export function readRecord(
  message: StreamMessage,
  { owner, bundle }: { readonly owner: ReadModelOwner; readonly bundle: TrustBundle },
): ReadRecord {
  const checked = bundle.check(message.signature, {
    purpose: PURPOSES.record,
    subject: message.subject,
    bodyHash: sha256(message.data),
    signers: [owner],
    at: message.streamAt,
  });
  if (!checked.ok) return checked;
  const put = putSchema.safeParse(jsonOf(message.data));
  if (!put.success) return { ok: false, failure: 'malformed' };
  const putAt = parseInstant(put.data.putAt);
  if (Math.abs(message.streamAt - putAt) > MAX_STALENESS_MS) return { ok: false, failure: 'replayed' };
  return { ok: true, content: put.data, putAt };
}
