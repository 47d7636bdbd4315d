import type { Digest } from '@countersign/primitives';
import type { TaskKey } from '@countersign/contracts';
import type { EntryDraft } from '../domain/entry-header.js';
import type { StoredEntry } from '../domain/chain.js';

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
  /** Appends what is not there yet, in order, and answers where each stands; what was there keeps its place. */
  abstract append(drafts: readonly EntryDraft[]): Promise<readonly Position[]>;
  /** Entries of one chain from a position on. */
  abstract entries(org: string, from: number, limit: number): Promise<readonly StoredEntry[]>;
  /** The first of so many entries that is filed under another event, task or instant than its header says. */
  abstract misfiled(org: string, size: number): Promise<number | undefined>;
  /** Number of entries of a chain and the leaf of the last one, as the head says. */
  abstract head(org: string): Promise<{ readonly size: number; readonly last: Digest | undefined }>;
  /** Entries of one task. */
  abstract ofTask(task: TaskKey): Promise<readonly StoredEntry[]>;
  /** Submissions without a decision that are older than that. */
  abstract open(olderThanMs: number, limit: number): Promise<readonly OpenSubmission[]>;
}
