import { formatDigest } from '@countersign/primitives';
import { GENESIS } from '@countersign/record';
import type { Tx } from '@countersign/store';
import type { Position } from '../../application/ports.js';
import type { EntryDraft } from '../../domain/entry-draft.js';
import { EntryValues, type Head } from './entry-values.js';
import type { PayloadKeys } from './payload-keys.js';
import type { WrittenDecision } from './remembered-decisions.js';

const APPEND = `select audit.append(${Array.from({ length: 21 }, (_, i) => `$${i + 1}`).join(', ')})`;

/** How a batch is appended. */
export interface AppendHow {
  readonly keys: PayloadKeys;
  /** Heads that need not be read. One that has moved is refused by append(). */
  readonly heads: ReadonlyMap<string, Head>;
  /** Whether events are looked for before they are appended. Without, append() refuses the batch when one is there. */
  readonly look: boolean;
  /** Whether the transaction ends with the append. */
  readonly ends: boolean;
}

/** What appending a batch came to, when its transaction is committed. */
export interface Appended {
  readonly positions: readonly Position[];
  /** Whether an event of the batch was there before. */
  readonly repeated: boolean;
  /** Heads that were read. */
  readonly found: ReadonlyMap<string, Head>;
  /** Heads as they are left behind. */
  readonly left: ReadonlyMap<string, Head>;
  /** Decisions that were appended. */
  readonly decisions: readonly WrittenDecision[];
}

/** Appends a batch in one transaction: what is known keeps its place, the rest follows the head of its chain. */
export async function appendAll(tx: Tx, drafts: readonly EntryDraft[], how: AppendHow): Promise<Appended> {
  const orgs = orgsOf(drafts);
  const unread = orgs.filter((org) => !how.heads.has(org));
  const [known, found] = await Promise.all([
    how.look ? knownPositions(tx, drafts) : new Map<string, Position>(),
    unread.length === 0 ? new Map<string, Head>() : readHeads(tx, unread),
  ]);
  const repeated = known.size > 0;
  const values = new Map<string, EntryValues>();
  const positions = drafts.map((draft) => {
    const key = `${draft.org}/${draft.eventId}`;
    const there = known.get(key);
    if (there !== undefined) return there;
    const of = values.get(draft.org) ?? valuesFrom(how.heads.get(draft.org) ?? found.get(draft.org), draft, how);
    values.set(draft.org, of);
    const place = of.add(draft);
    known.set(key, place);
    return place;
  });
  const appends = [...values.values()].sort((a, b) => (a.org < b.org ? -1 : 1));
  await Promise.all(
    appends.map((of, i) => {
      const last = how.ends && i === appends.length - 1;
      return last ? tx.last(APPEND, of.parameters()) : tx.query(APPEND, of.parameters());
    }),
  );
  const decisions = appends.flatMap((of) => of.decisions);
  return { positions, repeated, found, left: new Map(appends.map((of) => [of.org, of.head])), decisions };
}

function valuesFrom(head: Head | undefined, { org }: EntryDraft, { keys }: AppendHow): EntryValues {
  return new EntryValues(org, head ?? { size: 0, last: GENESIS }, keys);
}

/** Organisations of a batch, in the one order in which everybody locks them. */
export function orgsOf(drafts: readonly EntryDraft[]): readonly string[] {
  return [...new Set(drafts.map((draft) => draft.org))].sort();
}

async function knownPositions(tx: Tx, drafts: readonly EntryDraft[]): Promise<Map<string, Position>> {
  const rows = await tx.query<{
    readonly org_id: string;
    readonly event_id: string;
    readonly position: bigint;
    readonly leaf: Buffer;
  }>(
    'select e.org_id, e.event_id, e.position, e.leaf from unnest($1::uuid[], $2::uuid[]) as w(org_id, event_id) join audit.entry e using (org_id, event_id)',
    [drafts.map((d) => d.org), drafts.map((d) => d.eventId)],
  );
  return new Map(
    rows.map((row) => [
      `${row.org_id}/${row.event_id}`,
      { position: Number(row.position), leaf: formatDigest(row.leaf) },
    ]),
  );
}

async function readHeads(tx: Tx, orgs: readonly string[]): Promise<Map<string, Head>> {
  const rows = await tx.query<{ readonly org_id: string; readonly size: bigint; readonly last_hash: Buffer }>(
    'select org_id, size, last_hash from audit.head where org_id = any ($1::uuid[])',
    [orgs],
  );
  return new Map(rows.map((row) => [row.org_id, { size: Number(row.size), last: formatDigest(row.last_hash) }]));
}
