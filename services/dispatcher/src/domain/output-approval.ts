import { TIMERS, type Action, type CodeRef } from '@countersign/contracts';
import { actionDigest } from './action.js';
import type { AskedReason } from './approval-request.js';
import { requestsFor } from './approval-terms.js';
import type { TaskRecord } from './model.js';

/** A result that people are asked about: nothing is executed again, it is only delivered or kept. */
export interface AskedOutput {
  readonly codes: readonly CodeRef[];
  /** Of the bytes that would be delivered. */
  readonly digest: string;
  readonly chargedMicros: string | undefined;
}

/** The row that waits for people to decide about a result (J.3 #25); undefined when the row lacks what they would have to see. */
export function awaitOutputApproval(
  row: TaskRecord,
  { codes, digest, chargedMicros }: AskedOutput,
  now: number,
): { readonly record: TaskRecord; readonly cause: string } | undefined {
  const action = outputAction(row, digest);
  if (action === undefined || codes.length === 0) return undefined;
  // a row that does not say how many people it takes takes two
  const terms = row.approvalTerms ?? { required: 2, expiryMs: TIMERS.approval };
  const { estimateMicros, approval } = row.facts;
  const asked = requestsFor(
    codes.map((code) => reasonOf(row, code)),
    { round: row.round, stage: 'OUTPUT', terms, now, estimateMicros, thresholdMicros: approval?.thresholdMicros },
  );
  const record: TaskRecord = {
    ...row,
    state: 'AWAITING_OUTPUT_APPROVAL',
    codes,
    action,
    actionDigest: actionDigest(action),
    requests: [...(row.requests ?? []), ...asked],
    timerAt: now + terms.expiryMs,
    ...(chargedMicros === undefined ? {} : { chargedMicros }),
  };
  return { record, cause: 'people are asked about the result' };
}

function reasonOf({ key, connection }: TaskRecord, { code, id, side }: CodeRef): AskedReason {
  const org = side === 'target' ? (connection?.org ?? key.org) : key.org;
  return { service: 'guardrails', code, org, ...(id === undefined ? {} : { id }) };
}

/** What was released, with the bytes of the result in the place of those of the task. */
function outputAction(row: TaskRecord, digest: string): Action | undefined {
  const { key, attempt, task, connection, grant, currency, facts } = row;
  if (connection === undefined || grant === undefined || currency === undefined) return undefined;
  return {
    v: 1,
    org: key.org,
    taskId: key.task,
    attempt,
    connectionId: connection.id,
    clientAgentId: key.agent,
    targetAgentId: connection.agent,
    taskType: task.taskType,
    payloadDigest: digest,
    models: task.models === null ? null : [...task.models],
    tools: task.tools === null ? null : [...task.tools],
    estimateMicros: facts.estimateMicros ?? null,
    currency,
    grant,
  };
}
