import { sha256, type Digest, type Result } from '@countersign/primitives';
import {
  decodeRound,
  parseIngestSubject,
  PURPOSES,
  taskDigest,
  taskSubject,
  type RoundLine,
  type TaskEnvelope,
  type TaskKey,
} from '@countersign/contracts';
import type { TrustBundle } from '@countersign/identity';
import { readTraceparent } from '@countersign/telemetry';
import type { StreamMessage } from './messages.js';
import { parseSubmission, type EnvelopeProblem } from './submission.js';

/** One evaluation of a task as a control sees it: the original bytes, their digest, where they stand. */
export interface TaskMessage {
  readonly key: TaskKey;
  readonly attempt: number;
  readonly round: number;
  /** Sequence in stream ING. */
  readonly seq: number;
  /** The stream's timestamp in ms. */
  readonly streamAt: number;
  readonly subject: string;
  readonly body: Buffer;
  readonly digest: Digest;
  readonly envelope: Result<TaskEnvelope, EnvelopeProblem>;
  /** Of a later round or attempt: what the dispatcher signed about it. */
  readonly roundLine?: RoundLine;
  /** Of a submission: the span of the agent's own that it named, to be linked and never joined; `invalid` for anything but one well-formed header. */
  readonly callerTrace?: CallerTrace;
  /** How often this consumer was given it, this time included. */
  readonly deliveries?: number;
}

/** A span that an agent named in a header. */
export type CallerTrace = { readonly traceId: string; readonly spanId: string } | 'invalid';

/** A message of stream ING that does not count. */
export interface InvalidTaskMessage {
  readonly failure: string;
}

/** Reads a message of stream ING. A round counts only when the dispatcher signed it for this very subject and it says what its subject says. */
export function readTaskMessage(bundle: TrustBundle, message: StreamMessage): TaskMessage | InvalidTaskMessage {
  const address = parseIngestSubject(message.subject);
  if (address === undefined) return { failure: 'subject' };
  const head = {
    key: address.key,
    attempt: address.attempt,
    round: address.round,
    seq: message.seq,
    streamAt: message.streamAt,
    subject: message.subject,
    ...(message.deliveries === undefined ? {} : { deliveries: message.deliveries }),
  };
  if (address.kind === 'submission')
    return { ...head, ...contentOf(address.key, message.data, message.streamAt), ...callerTraceOf(message) };
  const expected = {
    purpose: PURPOSES.round,
    subject: message.subject,
    bodyHash: sha256(message.data),
    signers: ['dispatcher'],
    at: message.streamAt,
  } as const;
  const checked = bundle.check(message.signature, expected);
  if (!checked.ok) return { failure: checked.failure };
  const decoded = decodeRound(message.data);
  if (decoded === undefined) return { failure: 'malformed' };
  const { line, body } = decoded;
  if (line.task !== address.key.task || line.attempt !== address.attempt || line.round !== address.round)
    return { failure: 'subject' };
  // the id was within its 10 minutes when the task was first accepted; a round may come hours later
  const content = contentOf(address.key, body, undefined);
  return content.digest === line.digest ? { ...head, ...content, roundLine: line } : { failure: 'digest' };
}

function callerTraceOf({ traceparent }: StreamMessage): Pick<TaskMessage, 'callerTrace'> {
  return traceparent === undefined ? {} : { callerTrace: readTraceparent(traceparent) ?? 'invalid' };
}

/** What a control would see of a submission of these bytes at an instant (ms): for dry runs. It stands in no stream, so its sequence is none. */
export function taskMessageOf(key: TaskKey, body: Buffer, at: number): TaskMessage {
  const head = { key, attempt: 1, round: 1, seq: 0, streamAt: at, subject: taskSubject(key) };
  return { ...head, ...contentOf(key, body, at) };
}

function contentOf(
  key: TaskKey,
  body: Buffer,
  streamAt: number | undefined,
): Pick<TaskMessage, 'body' | 'digest' | 'envelope'> {
  return { body, digest: taskDigest(key, body), envelope: parseSubmission(key, body, streamAt) };
}
