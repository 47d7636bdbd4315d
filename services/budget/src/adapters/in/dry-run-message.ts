import { ingestSubject, taskDigest, type ParsedRequestOf } from '@countersign/contracts';
import type { COMMANDS } from '@countersign/contracts';
import { parseSubmission, type TaskMessage } from '@countersign/bus';
import { timeOfUuidV7 } from '@countersign/primitives';

/** The bytes of a dry run as the first evaluation of a task that stands nowhere. */
export function dryRunMessage({ task: key, envelope }: ParsedRequestOf<typeof COMMANDS.budget.dryRun>): TaskMessage {
  const body = Buffer.from(envelope, 'base64');
  return {
    key,
    attempt: 1,
    round: 1,
    seq: 0,
    streamAt: timeOfUuidV7(key.task),
    subject: ingestSubject(key),
    body,
    digest: taskDigest(key, body),
    envelope: parseSubmission(key, body, undefined),
  };
}
