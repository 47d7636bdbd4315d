import { Injectable } from '@nestjs/common';
import { formatDigest, parseDigest, type Digest } from '@countersign/primitives';
import type { TaskKey } from '@countersign/contracts';
import { DependencyUnavailable } from '@countersign/bus';
import type { StoredEntry } from '@countersign/record';
import { Database, DatabaseUnavailable, type Tx } from '@countersign/store';
import { Chains, type OpenSubmission, type Position } from '../../application/ports.js';
import type { EntryDraft } from '../../domain/entry-draft.js';
import { epochOf } from '../../domain/payload-epoch.js';
import { appendAll, orgsOf } from './chain-append.js';
import { PayloadKeys } from './payload-keys.js';
import { RememberedDecisions } from './remembered-decisions.js';
import { RememberedHeads } from './remembered-heads.js';

/** A key that was erased meanwhile; a month of payloads that was dropped. Both are known anew before everything is done again. */
const KEYS_CHANGED = ['AU001', '23514'];
/** An event of the batch is there already. */
const REPEATED = ['23505'];
/** The head has moved; the event was written before; a deadlock. All are right when everything is done again. */
const AGAIN = ['40001', '40P01', ...REPEATED, ...KEYS_CHANGED];
const TRIES = 8;

/** The columns of an entry only find it: its leaf covers the header alone, so they have to say the same. With `offset 0` a header is parsed once, not once for each of its fields. */
const MISFILED = `
select e.position from audit.entry e, lateral (select convert_from(e.header, 'UTF8')::jsonb as h offset 0) header
where e.org_id = $1 and e.position >= $2 and e.position < $3 and (e.event_id::text, e.type, e.agent_id::text, e.task_id::text, e.attempt::text, e.round::text, e.digest, e.at)
  is distinct from (h ->> 'id', h ->> 'type', h ->> 'agent', h ->> 'task', h ->> 'attempt', h ->> 'round', h ->> 'inputDigest', (h ->> 'at')::timestamptz)
order by e.position limit 1`;

interface EntryRow {
  readonly position: bigint;
  readonly leaf: Buffer;
  readonly header: Buffer;
}

/**
 * Chains in PostgreSQL. One append at a time in this process; against other replicas the head is compared and set in the same statement as the entries, so
 * positions are gapless without a sequence and a slower writer does everything again. Events are looked for only after the database refused one that it has, and until a batch is new
 * to the last: messages come twice after a failure, not in between.
 */
@Injectable()
export class PostgresChains extends Chains {
  readonly #heads = new RememberedHeads();
  readonly #decisions = new RememberedDecisions();
  #turn: Promise<unknown> = Promise.resolve();
  #look = false;

  constructor(
    private readonly database: Database,
    private readonly keys: PayloadKeys,
  ) {
    super();
  }

  append(drafts: readonly EntryDraft[]): Promise<readonly Position[]> {
    return this.appendWith(drafts);
  }

  /** Appends, and does what belongs to it in the same transaction. */
  appendWith(drafts: readonly EntryDraft[], also?: (tx: Tx) => Promise<void>): Promise<readonly Position[]> {
    const run = this.#turn.then(() => this.#appendWithRetry(drafts, also));
    this.#turn = run.catch(() => undefined);
    return run;
  }

  async #appendWithRetry(
    drafts: readonly EntryDraft[],
    also?: (tx: Tx) => Promise<void>,
  ): Promise<readonly Position[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.keys.provide(
          drafts.flatMap(({ org, at, payload }) => (payload === undefined ? [] : [{ org, epoch: epochOf(at) }])),
        );
        return await this.#appendOnce(drafts, also);
      } catch (error) {
        this.#heads.forget(orgsOf(drafts));
        if (error instanceof DatabaseUnavailable) throw new DependencyUnavailable('postgresql', { cause: error });
        if (attempt === TRIES || !isCode(error, AGAIN)) throw error;
        if (isCode(error, KEYS_CHANGED)) this.keys.forget();
        if (isCode(error, REPEATED)) this.#look = true;
      }
    }
  }

  async #appendOnce(drafts: readonly EntryDraft[], also?: (tx: Tx) => Promise<void>): Promise<readonly Position[]> {
    const orgs = orgsOf(drafts);
    const how = { keys: this.keys, heads: this.#heads.of(orgs), look: this.#look, ends: also === undefined };
    const appended = await this.database.tenants(orgs, async (tx) => {
      const done = await appendAll(tx, drafts, how);
      await also?.(tx);
      return done;
    });
    this.#heads.left(appended.left, appended.found);
    this.#decisions.keep(appended.decisions, (of) => this.#heads.runOf(of));
    this.#look = appended.repeated;
    return appended.positions;
  }

  /** Gives the header of a decision away, under the id of its event, where this process appended it and the chain is known to hold it still. */
  takeWritten(org: string, id: string): string | undefined {
    return this.#decisions.take(id, this.#heads.runOf(org));
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

  async misfiled(org: string, from: number, to: number): Promise<number | undefined> {
    const [row] = await this.database.tenant(org, (tx) =>
      tx.query<{ readonly position: bigint }>(MISFILED, [org, from, to]),
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

function entryOf(row: EntryRow): StoredEntry {
  return { position: Number(row.position), leaf: formatDigest(row.leaf), header: row.header.toString('utf8') };
}

function isCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}
