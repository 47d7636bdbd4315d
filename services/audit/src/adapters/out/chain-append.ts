import { formatDigest } from '@countersign/primitives';
import { GENESIS } from '@countersign/record';
import type { Tx } from '@countersign/store';
import type { Position } from '../../application/ports.js';
import type { EntryDraft } from '../../domain/entry-draft.js';
import { EntryValues, type Head } from './entry-values.js';
import type { PayloadKeys } from './payload-keys.js';

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
  const appends = orgs.flatMap((org) => {
    const fresh = drafts.filter((draft) => draft.org === org && !known.has(keyOf(draft)));
    const head = how.heads.get(org) ?? found.get(org) ?? { size: 0, last: GENESIS };
    return fresh.length === 0 ? [] : [valuesOf(new EntryValues(org, head, how.keys), fresh, known)];
  });
  await Promise.all(
    appends.map(({ values }, i) =>
      how.ends && i === appends.length - 1
        ? tx.last(APPEND, values.parameters())
        : tx.query(APPEND, values.parameters()),
    ),
  );
  const left = new Map(appends.map(({ org, values }) => [org, values.head]));
  return { positions: drafts.map((draft) => known.get(keyOf(draft)) ?? unplaced()), repeated, found, left };
}

/** Organisations of a batch, in the one order in which everybody locks them. */
export function orgsOf(drafts: readonly EntryDraft[]): readonly string[] {
  return [...new Set(drafts.map((draft) => draft.org))].sort();
}

function unplaced(): never {
  throw new Error('an entry was appended without a place');
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

/** Adds what is new of one organisation, each event once, and notes in `known` where it stands. */
function valuesOf(
  values: EntryValues,
  drafts: readonly EntryDraft[],
  known: Map<string, Position>,
): { readonly org: string; readonly values: EntryValues } {
  for (const draft of drafts) if (!known.has(keyOf(draft))) known.set(keyOf(draft), values.add(draft));
  return { org: values.org, values };
}

const keyOf = ({ org, eventId }: EntryDraft): string => `${org}/${eventId}`;
