import type { MsgHdrs } from '@nats-io/transport-node';
import type { JsMsg } from '@nats-io/jetstream';
import { SIGNATURE_HEADERS } from '@countersign/contracts';
import type { ReceivedSignature } from '@countersign/identity';

/** A stored message: where it stands, when the stream took it (ms), and its bytes. */
export interface StreamMessage {
  readonly subject: string;
  readonly seq: number;
  readonly streamAt: number;
  readonly data: Buffer;
  readonly signature: ReceivedSignature;
  /** The `traceparent` header; empty when there was more than one. */
  readonly traceparent?: string;
  /** How often a durable consumer was given it, this time included. */
  readonly deliveries?: number;
}

/** The signature headers exactly as often as they stood in a message. */
export function signatureOf(headers: MsgHdrs | undefined): ReceivedSignature {
  return headers === undefined
    ? { kid: [], sig: [] }
    : { kid: headers.values(SIGNATURE_HEADERS.kid), sig: headers.values(SIGNATURE_HEADERS.sig) };
}

const TRACEPARENT = 'traceparent';

function traceparentOf(headers: MsgHdrs | undefined): Pick<StreamMessage, 'traceparent'> {
  if (headers?.has(TRACEPARENT) !== true) return {};
  const [first = '', ...more] = headers.values(TRACEPARENT);
  return { traceparent: more.length === 0 ? first : '' };
}

/** Bytes as a buffer without copying. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Reads what a consumer delivered. */
export function streamMessageOf(message: JsMsg): StreamMessage {
  const { timestampNanos, deliveryCount: deliveries } = message.info;
  return {
    subject: message.subject,
    seq: message.seq,
    streamAt: Math.floor(timestampNanos / 1_000_000),
    data: bufferOf(message.data),
    signature: signatureOf(message.headers),
    deliveries,
    ...traceparentOf(message.headers),
  };
}

/** Parses JSON bytes; undefined when they are none. */
export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(bufferOf(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
