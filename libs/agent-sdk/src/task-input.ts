import { formatInstant, utf8, uuidV7 } from '@countersign/primitives';
import { MAX_BODY_BYTES, taskEnvelopeSchema, type TaskData } from '@countersign/contracts';
import { AgentRequestFailed } from './errors.js';
import type { Link } from './link.js';

/** What an agent says of a task: the envelope's `data`, with a plain text where one instruction is all there is. */
export type TaskInput = Omit<TaskData, 'parts' | 'instance'> &
  ({ readonly parts: TaskData['parts'] } | { readonly text: string }) & {
    /** A UUIDv7 of its own to make a repeated submission the same task; made here when absent. */
    readonly id?: string;
  };

/** A task ready to publish: its id and the exact bytes. */
export interface PreparedTask {
  readonly id: string;
  readonly body: Buffer;
}

/** Writes the envelope (CloudEvents 1.0, structured mode); throws ENVELOPE_INVALID that names the field before anything is sent. */
export function prepareTask(link: Link, instance: string, input: TaskInput): PreparedTask {
  const now = link.clock.now();
  const id = input.id ?? uuidV7(now, link.random);
  const { id: _id, ...rest } = input;
  const {
    text,
    parts = [{ channel: 'instruction', text: text ?? '' }],
    ...data
  } = rest as typeof rest & { readonly text?: string; readonly parts?: TaskData['parts'] };
  const envelope = taskEnvelopeSchema.safeParse({
    specversion: '1.0',
    id,
    source: `agent:${link.credential.org}/${link.credential.agent}`,
    type: 'dev.countersign.task.v1',
    time: formatInstant(now),
    datacontenttype: 'application/json',
    data: { ...data, parts, instance },
  });
  if (!envelope.success) {
    const [issue] = envelope.error.issues;
    throw new AgentRequestFailed(
      'ENVELOPE_INVALID',
      `${issue?.path.join('.') ?? 'task'}: ${issue?.message ?? 'invalid'}`,
      'no',
    );
  }
  const body = utf8(JSON.stringify(envelope.data));
  if (body.length > MAX_BODY_BYTES)
    throw new AgentRequestFailed(
      'PAYLOAD_TOO_LARGE',
      `the task has ${body.length} bytes, at most ${MAX_BODY_BYTES} are taken`,
      'no',
    );
  return { id, body };
}

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Throws REQUEST_INVALID for what is no W3C traceparent of version 00: it would be linked nowhere. */
export function checkTraceparent(traceparent: string | undefined): void {
  if (traceparent === undefined || TRACEPARENT.test(traceparent)) return;
  const message = `traceparent: ${JSON.stringify(traceparent.slice(0, 60))} is none; right would be 00-<32 hex digits>-<16 hex digits>-01`;
  throw new AgentRequestFailed('REQUEST_INVALID', message, 'no');
}
