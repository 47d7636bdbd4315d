import { formatInstant, type Clock, type Random } from '@countersign/primitives';
import { VERDICT_VALIDITY_MS, type CodeRef, type VerdictItem } from '@countersign/contracts';
import { itemNonce } from './frame-writer.js';
import type { TaskMessage } from './task-message.js';

type Own =
  | 'connection'
  | 'epochs'
  | 'grant'
  | 'transformedDigest'
  | 'estimateMicros'
  | 'priceBookVersion'
  | 'score'
  | 'guardrails'
  | 'record'
  | 'approval'
  | 'retryAfterMs'
  | 'nextOpenAt';

/** What a control says of one evaluation of a task; the rest of the verdict is added when it is signed. `validUntil` in ms, at most 60 s ahead. */
export type Judgement = Pick<VerdictItem, Own> & {
  readonly decision: VerdictItem['decision'];
  readonly codes: readonly CodeRef[];
  readonly details?: VerdictItem['details'];
  readonly versions?: VerdictItem['versions'];
  readonly validUntil?: number;
};

/** A denial for one reason. */
export function denial(code: CodeRef, details: VerdictItem['details'] = {}): Judgement {
  return { decision: 'DENY', codes: [code], details };
}

/** Completes a judgement to the verdict that is published. */
export function verdictOf(
  task: TaskMessage,
  judgement: Judgement,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): VerdictItem {
  const { validUntil, codes, details, versions, decision, ...own } = judgement;
  const now = clock.now();
  const until = Math.min(validUntil ?? now + VERDICT_VALIDITY_MS, now + VERDICT_VALIDITY_MS);
  return {
    type: 'verdict',
    nonce: itemNonce(random),
    task: { org: task.key.org, agent: task.key.agent, id: task.key.task },
    seq: task.seq,
    attempt: task.attempt,
    round: task.round,
    digest: task.digest,
    decision,
    codes: [...codes],
    details: details ?? {},
    versions: versions ?? {},
    decidedAt: formatInstant(now),
    validUntil: formatInstant(until),
    ...own,
  };
}
