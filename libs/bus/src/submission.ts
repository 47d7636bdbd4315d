import { err, ok, parseInstant, strictJsonOf, timeOfUuidV7, type Result } from '@countersign/primitives';
import {
  DEADLINE,
  MAX_BODY_BYTES,
  MAX_ID_SKEW_MS,
  parseAs,
  taskEnvelopeSchema,
  type TaskEnvelope,
  type TaskKey,
} from '@countersign/contracts';

/** Why a submission is no valid envelope: the field, and what would be right. No value of a payload stands in the message. */
export interface EnvelopeProblem {
  readonly code: 'ENVELOPE_INVALID' | 'PAYLOAD_TOO_LARGE';
  readonly field?: string;
  readonly message: string;
}

const invalid = (field: string, message: string): Result<TaskEnvelope, EnvelopeProblem> =>
  err({ code: 'ENVELOPE_INVALID', field, message });

/**
 * Reads a submission's bytes against its key, which comes from the subject, and the stream's timestamp in ms; without one (a later round of a task that was
 * accepted) times are not judged. Bytes that two parsers could read differently are no envelope: what is judged here is handed over byte by byte.
 */
export function parseSubmission(
  key: TaskKey,
  body: Uint8Array,
  streamAt: number | undefined,
): Result<TaskEnvelope, EnvelopeProblem> {
  if (body.length > MAX_BODY_BYTES)
    return err({ code: 'PAYLOAD_TOO_LARGE', message: `at most ${MAX_BODY_BYTES} bytes` });
  const parsed = parseAs(taskEnvelopeSchema, strictJsonOf(body));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const keys = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ').slice(0, 100) : '';
    return invalid(
      [...(issue?.path ?? []), ...(keys === '' ? [] : [keys])].join('.'),
      issue?.message.slice(0, 300) ?? 'not a task envelope',
    );
  }
  const { id, source, data } = parsed.data;
  if (id !== key.task) return invalid('id', 'must be the task id of the subject');
  if (source !== `agent:${key.org}/${key.agent}`) return invalid('source', 'must be the agent of the subject');
  if (streamAt === undefined) return ok(parsed.data);
  if (Math.abs(timeOfUuidV7(id) - streamAt) > MAX_ID_SKEW_MS)
    return invalid('id', 'its time must be within 10 minutes of the submission');
  if (data.deadline !== undefined && parseInstant(data.deadline) > streamAt + DEADLINE.max)
    return invalid('data.deadline', 'must be at most 60 minutes after the submission');
  return ok(parsed.data);
}
