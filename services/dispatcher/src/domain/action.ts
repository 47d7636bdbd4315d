import { canonicalBytes, canonicalJson, formatDigest, sha256, type Digest } from '@countersign/primitives';
import type { Action, GrantTerms, VerdictItem } from '@countersign/contracts';
import type { Evaluation } from './model.js';

/** What a person approves: everything about the execution that matters, frozen. */
export function actionOf(
  evaluation: Evaluation,
  parts: {
    readonly connection: NonNullable<VerdictItem['connection']>;
    readonly grant: GrantTerms;
    readonly payloadDigest: string;
    readonly estimateMicros: string | undefined;
    readonly currency: string;
  },
): Action {
  const { key, attempt, task } = evaluation;
  return {
    v: 1,
    org: key.org,
    taskId: key.task,
    attempt,
    connectionId: parts.connection.id,
    clientAgentId: key.agent,
    targetAgentId: parts.connection.agent,
    taskType: task.taskType,
    payloadDigest: parts.payloadDigest,
    models: task.models === null ? null : [...task.models],
    tools: task.tools === null ? null : [...task.tools],
    estimateMicros: parts.estimateMicros ?? null,
    currency: parts.currency,
    grant: parts.grant,
  };
}

/** SHA-256 of the canonical JSON (RFC 8785) of an action: the call to approve carries it. */
export function actionDigest(action: Action): Digest {
  return formatDigest(sha256(canonicalBytes(action)));
}

/** Whether two actions are the same but for their grants. */
export function sameButGrant(a: Action, b: Action): boolean {
  const bare = ({ grant: _grant, ...rest }: Action): string => canonicalJson(rest);
  return bare(a) === bare(b);
}
