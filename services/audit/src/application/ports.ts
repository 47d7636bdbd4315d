import type { Digest } from '@countersign/primitives';
import {
  taskKeyText,
  type Actor,
  type ErasureReason,
  type Evaluation,
  type ExportedPayload,
  type TaskKey,
} from '@countersign/contracts';
import type { StoredEntry } from '@countersign/record';
import type { EntryDraft } from '../domain/entry-draft.js';
import type { Epoch } from '../domain/payload-epoch.js';

/** Where an entry stands. */
export interface Position {
  readonly position: number;
  readonly leaf: Digest;
}

/** A submission that has no decision in the chain. */
export interface OpenSubmission {
  readonly task: TaskKey;
  readonly digest: Digest;
  readonly at: number;
  readonly record: Position;
}

/** The chains of all organisations, append-only. */
export abstract class Chains {
  /** Appends what is not there yet, in order, and answers where each stands; what was there keeps its place. Payloads are sealed in the same transaction. */
  abstract append(drafts: readonly EntryDraft[]): Promise<readonly Position[]>;
  /** Entries of one chain from a position on. */
  abstract entries(org: string, from: number, limit: number): Promise<readonly StoredEntry[]>;
  /** The first entry from one position up to another (without it) that is filed under another event, task or instant than its header says. */
  abstract misfiled(org: string, from: number, to: number): Promise<number | undefined>;
  /** Number of entries of a chain and the leaf of the last one, as the head says. */
  abstract head(org: string): Promise<{ readonly size: number; readonly last: Digest | undefined }>;
  /** Entries of one task. */
  abstract ofTask(task: TaskKey): Promise<readonly StoredEntry[]>;
  /** Submissions without a decision that are older than that. */
  abstract open(olderThanMs: number, limit: number): Promise<readonly OpenSubmission[]>;
}

/** Looks into the chains of all organisations, to see whether they hold what they have to. */
export abstract class RecordLookup {
  /** Organisations that have a chain. */
  abstract organizations(): Promise<readonly string[]>;
  /** Headers of the decisions on these evaluations, by {@link evaluationText}; what has no decision is left out. */
  abstract decisions(evaluations: readonly Evaluation[]): Promise<ReadonlyMap<string, string>>;
}

/** An evaluation as a key. */
export function evaluationText({ key, attempt, round }: Evaluation): string {
  return `${taskKeyText(key)}/${attempt}/${round}`;
}

/** The sealed payloads of entries. */
export abstract class Payloads {
  /** Payloads of entries of one chain by position, opened, or why they are not there. Entries that never had one are left out. */
  abstract of(org: string, entries: readonly StoredEntry[]): Promise<ReadonlyMap<number, ExportedPayload>>;
}

/** The end of payloads. */
export abstract class Retention {
  /** Makes room and keys for a month, so that nobody waits for them when it begins. */
  abstract prepare(epoch: Epoch): Promise<void>;
  /** Months that have payloads, oldest first. */
  abstract epochs(): Promise<readonly Epoch[]>;
  /** Drops the payloads of a month of every organisation, with an entry in the chain of each. */
  abstract prune(epoch: Epoch, now: number): Promise<number>;
  /** Throws away the key of an organisation's month with an entry in its chain; undefined when there is none. Repeating it changes nothing. */
  abstract erase(erasure: EraseRequest): Promise<Erased | undefined>;
}

/** Which key to throw away, who says so and when (ms). */
export interface EraseRequest {
  readonly org: string;
  readonly epoch: Epoch;
  readonly reason: ErasureReason;
  readonly actor: Actor;
  readonly now: number;
}

/** What was thrown away. */
export interface Erased {
  readonly record: Position;
  readonly payloads: number;
}
