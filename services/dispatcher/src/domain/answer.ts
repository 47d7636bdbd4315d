import { parseMicros } from '@countersign/primitives';
import { traceIdOf, type AnswerData, type Part, type RecordRef } from '@countersign/contracts';
import { callerCode, coded, ownAdvice } from './caller-reasons.js';
import type { TaskRecord } from './model.js';

/** The state and answer of a task as its caller may see it. Parts only of a task that is completed. */
export function answerOf(
  record: TaskRecord,
  more: { readonly parts?: readonly Part[] | undefined; readonly record?: RecordRef | undefined },
): AnswerData {
  const { state, facts, codes, primary, connection } = record;
  const parties = { org: record.key.org, targetOrg: connection?.org ?? facts.target?.org };
  const waits = state === 'AWAITING_APPROVAL' || state === 'AWAITING_OUTPUT_APPROVAL';
  const code = waits ? 'APPROVAL_PENDING' : callerCode(codes, primary, parties);
  return {
    task: record.key.task,
    digest: record.digest,
    attempt: record.attempt,
    round: record.round,
    state: record.state,
    traceId: traceIdOf(record),
    ...(state === 'COMPLETED' ? {} : coded(code)),
    ...(state === 'DENIED' ? ownAdvice(facts, code) : {}),
    ...(record.state === 'COMPLETED' && more.parts !== undefined ? { parts: [...more.parts] } : {}),
    ...charged(record),
    ...(more.record === undefined ? {} : { record: more.record }),
  };
}

/** What all attempts together were charged. */
function charged({ chargedMicros, earlierMicros }: TaskRecord): Pick<AnswerData, 'chargedMicros'> {
  if (chargedMicros === undefined) return {};
  return { chargedMicros: (parseMicros(chargedMicros) + parseMicros(earlierMicros ?? '0')).toString() };
}
