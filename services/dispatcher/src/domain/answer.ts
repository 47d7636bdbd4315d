import {
  REASON_CODES,
  traceIdOf,
  type AnswerData,
  type CodeRef,
  type Part,
  type ReasonCode,
  type RecordRef,
} from '@countersign/contracts';
import type { TaskRecord } from './model.js';

/** What the caller learns of a denial: a reason of its own side as it is, one of the other side only as such. */
export function callerCode(codes: readonly CodeRef[], primary: ReasonCode | undefined): ReasonCode | undefined {
  const reason = codes.find((code) => code.code === primary);
  return reason?.side === 'target' ? 'DENIED_BY_COUNTERPARTY' : primary;
}

/** The state and answer of a task as its caller may see it. Parts only of a task that is completed. */
export function answerOf(
  record: TaskRecord,
  more: { readonly parts?: readonly Part[] | undefined; readonly record?: RecordRef | undefined },
): AnswerData {
  const waits = record.state === 'AWAITING_APPROVAL' || record.state === 'AWAITING_OUTPUT_APPROVAL';
  const code = waits ? 'APPROVAL_PENDING' : callerCode(record.codes, record.primary);
  return {
    task: record.key.task,
    digest: record.digest,
    attempt: record.attempt,
    round: record.round,
    state: record.state,
    traceId: traceIdOf(record),
    ...(code === undefined || record.state === 'COMPLETED' ? {} : { code, message: REASON_CODES[code].message }),
    ...(record.state === 'COMPLETED' && more.parts !== undefined ? { parts: [...more.parts] } : {}),
    ...(record.chargedMicros === undefined ? {} : { chargedMicros: record.chargedMicros }),
    ...(more.record === undefined ? {} : { record: more.record }),
  };
}
