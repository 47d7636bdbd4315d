import { formatInstant } from '@countersign/primitives';
import {
  encodeFrame,
  frameHeaderSchema,
  PURPOSES,
  splitFrame,
  type EncodedFrame,
  type FrameHeader,
  type Signer,
} from '@countersign/contracts';
import type { Signature, SigningKey } from './signing-key.js';
import type { ReceivedSignature, SignatureFailure, TrustBundle } from './trust-bundle.js';

/** A frame ready to publish. */
export interface SignedFrame extends EncodedFrame {
  readonly subject: string;
  readonly signature: Signature;
}

/** Where and when a frame is published; `at` in ms. */
export interface FramePlace {
  readonly subject: string;
  readonly lane: number;
  readonly at: number;
}

/** Signs a frame of this service. */
export function signFrame(key: SigningKey, place: FramePlace, items: readonly object[]): SignedFrame {
  if (key.service === 'installation') throw new Error('the installation key signs trust bundles only');
  const frame = encodeFrame(
    { service: key.service, kid: key.kid, lane: place.lane, at: formatInstant(place.at) },
    items,
  );
  return { ...frame, subject: place.subject, signature: key.sign(PURPOSES.frame, place.subject, frame.bodyHash) };
}

/** A frame that verified: who sent it, and its item lines with their leaves; the items themselves are not parsed yet. */
export interface OpenedFrame {
  readonly header: FrameHeader;
  readonly root: Buffer;
  readonly itemLines: readonly Buffer[];
  readonly leaves: readonly Buffer[];
}

/** A frame that does not count, and why. */
export type FrameCheck =
  | { readonly ok: true; readonly frame: OpenedFrame }
  | { readonly ok: false; readonly failure: SignatureFailure | 'subject' | 'count' };

/** What arrived, and who alone may have sent it; `at` is the stream's timestamp in ms. */
export interface ReceivedFrame {
  readonly subject: string;
  readonly body: Uint8Array;
  readonly signature: ReceivedSignature;
  readonly signers: readonly Signer[];
  readonly at: number;
}

/** Opens a frame: the signature is checked before anything is parsed, then header, sender, lane and count. What fails never counts and never decides. */
export function openFrame(bundle: TrustBundle, received: ReceivedFrame): FrameCheck {
  const split = splitFrame(received.body);
  if (split === undefined) return { ok: false, failure: 'malformed' };
  const checked = bundle.check(received.signature, {
    purpose: PURPOSES.frame,
    subject: received.subject,
    bodyHash: split.bodyHash,
    signers: received.signers,
    at: received.at,
  });
  if (!checked.ok) return checked;
  const header = frameHeaderSchema.safeParse(parseJson(split.headerLine));
  if (!header.success) return { ok: false, failure: 'malformed' };
  const { service, kid, lane, count } = header.data;
  if (service !== checked.service || kid !== checked.kid || received.subject.split('.')[1] !== String(lane))
    return { ok: false, failure: 'subject' };
  if (count !== split.itemLines.length) return { ok: false, failure: 'count' };
  return {
    ok: true,
    frame: { header: header.data, root: split.root, itemLines: split.itemLines, leaves: split.leaves },
  };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
