import { formatDigest, formatInstant, merkleLeaf, parseDigest, type Digest } from '@countersign/primitives';
import { GENESIS, type HeaderPayload } from '@countersign/record';
import type { Tx } from '@countersign/store';
import type { Position } from '../../application/ports.js';
import { headerBytes, type EntryDraft } from '../../domain/entry-draft.js';
import { epochNumber, epochOf } from '../../domain/payload-epoch.js';
import type { PayloadKeys } from './payload-keys.js';

interface Head {
  readonly size: number;
  readonly last: Digest;
}

/** Appends a batch in one transaction: what is known keeps its place, the rest follows the head of its chain. */
export async function appendAll(
  tx: Tx,
  drafts: readonly EntryDraft[],
  keys: PayloadKeys,
): Promise<readonly Position[]> {
  const orgs = orgsOf(drafts);
  const [known, heads] = await Promise.all([knownPositions(tx, drafts), readHeads(tx, orgs)]);
  for (const org of orgs) {
    const fresh = new Map<string, EntryDraft>();
    for (const draft of drafts) if (draft.org === org && !known.has(keyOf(draft))) fresh.set(draft.eventId, draft);
    if (fresh.size > 0)
      await appendOrg(tx, {
        org,
        head: heads.get(org) ?? { size: 0, last: GENESIS },
        drafts: [...fresh.values()],
        known,
        keys,
      });
  }
  return drafts.map((draft) => known.get(keyOf(draft)) ?? unplaced());
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

interface OrgAppend {
  readonly org: string;
  readonly head: Head;
  readonly drafts: readonly EntryDraft[];
  readonly known: Map<string, Position>;
  readonly keys: PayloadKeys;
}

/** Values one behind another, each with where it begins (from 1) and its length. */
class Packed {
  readonly #parts: Buffer[] = [];
  #length = 0;

  add(part: Buffer): { readonly from: number; readonly length: number } {
    const from = this.#length + 1;
    this.#parts.push(part);
    this.#length += part.length;
    return { from, length: part.length };
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts, this.#length);
  }
}

/** Entries of one organisation as the parameters of append(). */
class EntryValues {
  readonly rows: object[] = [];
  readonly headers = new Packed();
  readonly leaves = new Packed();
  readonly payloads: object[] = [];
  readonly sealed = new Packed();

  constructor(private readonly keys: PayloadKeys) {}

  /** Adds the entry that follows `prev`; answers its leaf. */
  add(draft: EntryDraft, position: number, prev: Digest): Digest {
    const header = headerBytes(draft, { position, prev }, this.#seal(draft));
    const leaf = merkleLeaf(header);
    const { eventId, type, agent, task, attempt, round, at, content } = draft;
    const digest = content['inputDigest'] ?? null;
    const place = this.headers.add(header);
    this.rows.push({ eventId, type, agent, task, attempt, round, digest, at: formatInstant(at), ...place });
    this.leaves.add(leaf);
    return formatDigest(leaf);
  }

  #seal({ org, eventId, at, payload }: EntryDraft): HeaderPayload | null {
    if (payload === undefined) return null;
    const { kind } = payload;
    const epoch = epochOf(at);
    const found = this.keys.known(org, epoch)?.seal(payload, { org, id: eventId });
    if (found === undefined) return { kind, epoch, commitment: null };
    this.payloads.push({
      index: this.rows.length,
      epoch: epochNumber(epoch),
      kind,
      ...this.sealed.add(found.sealed),
    });
    return { kind, epoch, commitment: found.commitment };
  }
}

async function appendOrg(tx: Tx, { org, head, drafts, known, keys }: OrgAppend): Promise<void> {
  const values = new EntryValues(keys);
  let prev = head.last;
  drafts.forEach((draft, i) => {
    const position = head.size + i;
    prev = values.add(draft, position, prev);
    known.set(keyOf(draft), { position, leaf: prev });
  });
  const { rows, headers, leaves, payloads, sealed } = values;
  await tx.query('select audit.append($1, $2, $3, $4, $5::bytea, $6::bytea, $7, $8::bytea)', [
    org,
    head.size,
    parseDigest(head.last),
    JSON.stringify(rows),
    headers.bytes(),
    leaves.bytes(),
    JSON.stringify(payloads),
    sealed.bytes(),
  ]);
}

const keyOf = ({ org, eventId }: EntryDraft): string => `${org}/${eventId}`;
