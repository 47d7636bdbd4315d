import { formatInstant, timeOfUuidV7, type Digest } from '@countersign/primitives';
import { ingestSubject, taskDigest, type TaskData, type TaskEnvelope, type TaskKey } from '@countersign/contracts';
import { parseSubmission, type TaskMessage } from '@countersign/bus';
import { anId, aTaskKey } from './ids.js';

/** What a test wants to be different from the plainest task. */
export interface TaskParts {
  readonly key?: TaskKey;
  readonly data?: Partial<TaskData>;
}

/** A task as its sender published it. */
export interface Submission {
  readonly key: TaskKey;
  readonly envelope: TaskEnvelope;
  /** The bytes that went to the bus. */
  readonly body: Buffer;
  readonly digest: Digest;
}

/** A valid envelope: one text for another agent, of type `chat`, at the time that the task's id carries. */
export function aTaskEnvelope({ key = aTaskKey(), data = {} }: TaskParts = {}): TaskEnvelope {
  return {
    specversion: '1.0',
    id: key.task,
    source: `agent:${key.org}/${key.agent}`,
    time: formatInstant(timeOfUuidV7(key.task)),
    datacontenttype: 'application/json',
    type: 'dev.countersign.task.v1',
    data: { target: anId(), taskType: 'chat', parts: [{ text: 'hello' }], ...data },
  };
}

/** A valid submission with its bytes and their digest. */
export function aSubmission({ key = aTaskKey(), data = {} }: TaskParts = {}): Submission {
  const envelope = aTaskEnvelope({ key, data });
  const body = Buffer.from(JSON.stringify(envelope));
  return { key, envelope, body, digest: taskDigest(key, body) };
}

/** What a test wants to be different from the first evaluation of the plainest task; `body` replaces the envelope's bytes. */
export interface TaskMessageParts extends TaskParts {
  readonly body?: Uint8Array;
  readonly seq?: number;
  /** The stream's timestamp in ms; the time in the task's id unless named. */
  readonly streamAt?: number;
  readonly attempt?: number;
  readonly round?: number;
}

/** A message as a control judges it, read by the same code that reads the stream. */
export function aTaskMessage(parts: TaskMessageParts = {}): TaskMessage {
  const key = parts.key ?? aTaskKey();
  const body = Buffer.from(parts.body ?? aSubmission({ key, data: parts.data ?? {} }).body);
  const { seq = 1, attempt = 1, round = 1, streamAt = timeOfUuidV7(key.task) } = parts;
  const first = attempt === 1 && round === 1;
  const envelope = parseSubmission(key, body, first ? streamAt : undefined);
  return {
    key,
    attempt,
    round,
    seq,
    streamAt,
    subject: ingestSubject(key),
    body,
    digest: taskDigest(key, body),
    envelope,
  };
}
