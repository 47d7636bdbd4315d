import { Injectable } from '@nestjs/common';
import { formatDigest, formatInstant, merkleLeaf, parseDigest, type Digest } from '@countersign/primitives';
import type { TaskKey } from '@countersign/contracts';
import { DependencyUnavailable } from '@countersign/bus';
import { Database, DatabaseUnavailable, type Tx } from '@countersign/store';
import { Chains, type OpenSubmission, type Position } from '../../application/ports.js';
import { GENESIS, type StoredEntry } from '../../domain/chain.js';
import { headerBytes, type EntryDraft } from '../../domain/entry-header.js';

const MOVED = '40001';
const TRIES = 8;

/** The columns of an entry only find it: its leaf covers the header alone, so they have to say the same. */
const MISFILED = `
select e.position from audit.entry e, lateral (select convert_from(e.header, 'UTF8')::jsonb as h) header
where e.org_id = $1 and e.position < $2 and (e.event_id::text, e.type, e.agent_id::text, e.task_id::text, e.attempt::text, e.round::text, e.digest, e.at)
  is distinct from (h ->> 'id', h ->> 'type', h ->> 'agent', h ->> 'task', h ->> 'attempt', h ->> 'round', h ->> 'inputDigest', (h ->> 'at')::timestamptz)
order by e.position limit 1`;

interface Head {
  readonly size: number;
  readonly last: Digest;
}

interface EntryRow {
  readonly position: bigint;
  readonly leaf: Buffer;
  readonly header: Buffer;
}

/**
 * Chains in PostgreSQL. One append at a time in this process; against other replicas the head is compared and set in the same statement as the entries, so
 * positions are gapless without a sequence and a slower writer does everything again.
 */
@Injectable()
export class PostgresChains extends Chains {
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly database: Database) {
    super();
  }

  append(drafts: readonly EntryDraft[]): Promise<readonly Position[]> {
    const run = this.#turn.then(() => this.#appendWithRetry(drafts));
    this.#turn = run.catch(() => undefined);
    return run;
  }

  async #appendWithRetry(drafts: readonly EntryDraft[]): Promise<readonly Position[]> {
    const orgs = [...new Set(drafts.map((draft) => draft.org))].sort();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.database.tenants(orgs, (tx) => appendAll(tx, orgs, drafts));
      } catch (error) {
        if (error instanceof DatabaseUnavailable) throw new DependencyUnavailable('postgresql', { cause: error });
        if (attempt === TRIES || !isCode(error, [MOVED, '23505', '40P01'])) throw error;
      }
    }
  }

  async entries(org: string, from: number, limit: number): Promise<readonly StoredEntry[]> {
    const rows = await this.database.tenant(org, (tx) =>
      tx.query<EntryRow>(
        'select position, leaf, header from audit.entry where org_id = $1 and position >= $2 order by position limit $3',
        [org, from, limit],
      ),
    );
    return rows.map(entryOf);
  }

  async head(org: string): Promise<{ readonly size: number; readonly last: Digest | undefined }> {
    const [row] = await this.database.tenant(org, (tx) =>
      tx.query<{ readonly size: bigint; readonly last_hash: Buffer }>(
        'select size, last_hash from audit.head where org_id = $1',
        [org],
      ),
    );
    return { size: Number(row?.size ?? 0n), last: row === undefined ? undefined : formatDigest(row.last_hash) };
  }

  async misfiled(org: string, size: number): Promise<number | undefined> {
    const [row] = await this.database.tenant(org, (tx) =>
      tx.query<{ readonly position: bigint }>(MISFILED, [org, size]),
    );
    return row === undefined ? undefined : Number(row.position);
  }

  async ofTask({ org, agent, task }: TaskKey): Promise<readonly StoredEntry[]> {
    const rows = await this.database.tenant(org, (tx) =>
      tx.query<EntryRow>(
        'select position, leaf, header from audit.entry where org_id = $1 and agent_id = $2 and task_id = $3 order by position',
        [org, agent, task],
      ),
    );
    return rows.map(entryOf);
  }

  async open(olderThanMs: number, limit: number): Promise<readonly OpenSubmission[]> {
    const rows = await this.database.system((tx) =>
      tx.query<
        EntryRow & {
          readonly org_id: string;
          readonly agent_id: string;
          readonly task_id: string;
          readonly digest: string;
          readonly at: Date;
        }
      >(
        `select e.org_id, e.agent_id, e.task_id, e.position, e.leaf, e.digest, e.at from audit.entry e
         where e.type = 'submitted' and e.attempt = 1 and e.round = 1 and e.at < clock_timestamp() - make_interval(secs => $1::float8 / 1000)
           and not exists (select 1 from audit.entry d where d.org_id = e.org_id and d.agent_id = e.agent_id and d.task_id = e.task_id and d.type in ('decided', 'finished'))
         order by e.at limit $2`,
        [olderThanMs, limit],
      ),
    );
    return rows.map((row) => ({
      task: { org: row.org_id, agent: row.agent_id, task: row.task_id },
      digest: formatDigest(parseDigest(row.digest)),
      at: row.at.getTime(),
      record: { position: Number(row.position), leaf: formatDigest(row.leaf) },
    }));
  }
}

async function appendAll(tx: Tx, orgs: readonly string[], drafts: readonly EntryDraft[]): Promise<readonly Position[]> {
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
      });
  }
  return drafts.map((draft) => known.get(keyOf(draft)) ?? unplaced());
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
}

async function appendOrg(tx: Tx, { org, head, drafts, known }: OrgAppend): Promise<void> {
  let prev = head.last;
  const headers: Buffer[] = [];
  const leaves: Buffer[] = [];
  drafts.forEach((draft, i) => {
    const position = head.size + i;
    const header = headerBytes(draft, { position, prev });
    const leaf = merkleLeaf(header);
    prev = formatDigest(leaf);
    headers.push(header);
    leaves.push(leaf);
    known.set(keyOf(draft), { position, leaf: prev });
  });
  const entries = drafts.map(({ eventId, type, agent, task, attempt, round, at, content }) => ({
    eventId,
    type,
    agent,
    task,
    attempt,
    round,
    digest: content['inputDigest'] ?? null,
    at: formatInstant(at),
  }));
  await tx.query('select audit.append($1, $2, $3, $4, $5, $6)', [
    org,
    head.size,
    parseDigest(head.last),
    JSON.stringify(entries),
    headers,
    leaves,
  ]);
}

const keyOf = ({ org, eventId }: EntryDraft): string => `${org}/${eventId}`;

function entryOf(row: EntryRow): StoredEntry {
  return { position: Number(row.position), leaf: formatDigest(row.leaf), header: row.header.toString('utf8') };
}

function isCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}
