import { canonicalBytes, formatInstant } from '@countersign/primitives';
import type { HeaderPayload, PayloadKind } from '@countersign/record';

/** What is sealed beside an entry: the header holds its commitment only. */
export interface DraftPayload {
  readonly kind: PayloadKind;
  readonly bytes: Buffer;
  /** Raw DEFLATE (RFC 1951) of the bytes where somebody has it already: it is what gets sealed. */
  readonly deflated?: Buffer;
}

/** What one entry of a chain says, before it has its place. Only identifiers, codes, digests, versions and amounts: no free text, no personal datum. */
export interface EntryDraft {
  readonly org: string;
  readonly eventId: string;
  readonly type: string;
  /** Null of an entry that is about no task. */
  readonly agent: string | null;
  readonly task: string | null;
  readonly attempt: number | null;
  readonly round: number | null;
  /** The stream's timestamp in ms, so that a replay makes the same bytes. */
  readonly at: number;
  readonly content: Readonly<Record<string, unknown>>;
  readonly payload?: DraftPayload;
}

/** Where an entry stands: its index, and the leaf of the one before it. */
export interface EntryPlace {
  readonly position: number;
  readonly prev: string;
}

/** The canonical form (RFC 8785) of an entry at its place, in UTF-8: what is stored, hashed and chained. */
export function headerBytes(draft: EntryDraft, place: EntryPlace, payload: HeaderPayload | null = null): Buffer {
  const { org, eventId, type, agent, task, attempt, round, at, content } = draft;
  return canonicalBytes({
    userRef: null,
    root: task,
    parent: null,
    ...content,
    v: 2,
    org,
    seq: place.position,
    at: formatInstant(at),
    id: eventId,
    type,
    agent,
    task,
    attempt,
    round,
    payload,
    prev: place.prev,
  });
}
