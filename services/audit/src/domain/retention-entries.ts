import { sha256, uuidV8 } from '@countersign/primitives';
import type { Actor, ErasureReason } from '@countersign/contracts';
import type { EntryDraft } from './entry-draft.js';
import type { Epoch } from './payload-epoch.js';

/** The payloads of one organisation and month. */
export interface EpochPayloads {
  readonly org: string;
  readonly epoch: Epoch;
  readonly payloads: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** Type of the entry of a pruned month. */
export const PRUNED = 'pruned';
/** Type of the entry of an erased key. */
export const ERASED = 'erased';

/** Draft of the entry that says that a month's payloads are gone because their time was over. `at` in ms. */
export function prunedDraft(gone: EpochPayloads, at: number): EntryDraft {
  const { org, epoch, payloads, firstSeq, lastSeq } = gone;
  return {
    ...withoutTask(org, at),
    eventId: eventIdOf(org, PRUNED, epoch, String(lastSeq)),
    type: PRUNED,
    content: { actor: { kind: 'service', id: 'audit' }, epoch, payloads, firstSeq, lastSeq },
  };
}

/** Who had a month erased, and why. */
export interface Erasure {
  readonly payloads: number;
  readonly reason: ErasureReason;
  readonly actor: Actor;
}

/** Draft of the entry that says that the key of a month's payloads was thrown away. `at` in ms. */
export function erasedDraft(org: string, epoch: Epoch, { payloads, reason, actor }: Erasure, at: number): EntryDraft {
  return {
    ...withoutTask(org, at),
    eventId: eventIdOf(org, ERASED, epoch),
    type: ERASED,
    content: { actor: { kind: actor.kind, id: actor.id }, epoch, payloads, reason },
  };
}

function withoutTask(org: string, at: number): Pick<EntryDraft, 'org' | 'agent' | 'task' | 'attempt' | 'round' | 'at'> {
  return { org, agent: null, task: null, attempt: null, round: null, at };
}

function eventIdOf(...parts: readonly string[]): string {
  return uuidV8(sha256(parts.join('\0')));
}
