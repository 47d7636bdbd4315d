import { createSecretKey } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Random, uuidV7 } from '@countersign/primitives';
import type { RecordedItem, TaskState } from '@countersign/contracts';
import { itemNonce } from '@countersign/bus';
import { ServiceConfig } from '@countersign/service-host';
import { Database, type Tx } from '@countersign/store';
import { adopt } from '../../domain/adopt.js';
import { itemsOfChange, itemsOfDecision } from '../../domain/items.js';
import { type Addressed, type Adoption, type Changed } from '../../application/ports.js';
import { attemptText, type AttemptKey, type RoundKey } from '../../domain/attempt.js';
import type { TaskRecord } from '../../domain/model.js';
import type { Cost } from '../../domain/late-costs.js';
import { applyEvent, LATE_COST, type RowChange } from '../../domain/row-events.js';
import type { DispatcherConfig } from '../../dispatcher.config.js';
import { blockKeysOf, blocksAgainst, lockShared, readBlocks } from './claim-locks.js';
import { pairsOf, writeRequests, type RowPair } from './approval-rows.js';
import { onBehalfOf } from './organizations.js';
import { readReports, tellsCost, withCost } from './usage-reports.js';
import { bodiesOf, keepSealed, type NewBody } from './new-bodies.js';
import { orgsOf, TaskReader } from './task-reader.js';
import {
  insertRows,
  insertUnrecorded,
  itemParams,
  lockRecords,
  moment,
  noteAnswered,
  readRows,
  updateRows,
  type AnsweredTask,
  type Moment,
} from './task-rows.js';

/** States in which the original bytes are kept for a later round. */
const WAITING: readonly TaskState[] = ['AWAITING_APPROVAL', 'EVALUATING'];

/** The rows of tasks: every change is one transaction that locks the row, reads the clock after the lock, applies the pure rules, and leaves the transition to be recorded. */
@Injectable()
export class TaskStore extends TaskReader {
  readonly #moments = new WeakMap<Tx, Moment>();

  constructor(
    database: Database,
    private readonly random: Random,
    config: ServiceConfig,
  ) {
    super(database, createSecretKey((config.values as DispatcherConfig).COUNTERSIGN_SEAL_KEY_FILE));
  }

  /** Adopts decisions: the first writer wins, a row of an earlier round moves on only from EVALUATING of that very round. */
  async adopt(adoptions: readonly Adoption[]): Promise<readonly Changed[]> {
    return this.#transaction(
      adoptions.map((a) => a.evaluation.key.org),
      async (tx, orgs) => {
        const evaluations = adoptions.map((a) => a.evaluation);
        const [rows, now] = await Promise.all([this.#lock(tx, evaluations), this.#moment(tx)]);
        const decided = adoptions.flatMap((adoption) =>
          this.#decide(adoption, rows.get(attemptText(adoption.evaluation)), now),
        );
        const fresh = decided.filter(({ before }) => before === undefined);
        const moved = decided.filter(({ before }) => before !== undefined);
        const changedOf = (of: typeof decided): readonly TaskRecord[] => of.map((d) => d.changed.record);
        const [inserted] = await Promise.all([insertRows(tx, changedOf(fresh)), updateRows(tx, changedOf(moved))]);
        const won = [...fresh.filter((d) => inserted.has(attemptText(d.changed.record))), ...moved];
        // later rounds carry the original bytes; the log may be gone when they are needed
        const kept = won.filter(({ changed: { record } }) => WAITING.includes(record.state));
        const bodies = kept.map(({ changed: { record }, adoption }): NewBody => {
          return { key: record.key, attempt: record.attempt, side: 'in', bytes: adoption.body };
        });
        const items = won.flatMap((d) => d.changed.items);
        const pairs = won.map((d): RowPair => ({ before: d.before, after: d.changed.record }));
        await Promise.all([
          insertUnrecorded(tx, items),
          keepSealed(tx, this.sealKey, bodies),
          writeRequests(tx, orgs, pairs),
        ]);
        return won.map((d) => d.changed);
      },
    );
  }

  #decide(
    adoption: Adoption,
    before: TaskRecord | undefined,
    now: number,
  ): readonly { readonly changed: Changed; readonly before: TaskRecord | undefined; readonly adoption: Adoption }[] {
    const { evaluation, currency, terms } = adoption;
    const record = adopt(evaluation, before, { currency, now, terms });
    if (record === undefined) return [];
    return [
      {
        changed: {
          record,
          items: itemsOfDecision(evaluation, record, evaluation.round, this.#head(now)),
          before,
          evaluation,
        },
        before,
        adoption,
      },
    ];
  }

  /** Ends tasks that never got a row: no valid envelope, or a log that is gone. */
  async end(ends: readonly Omit<TaskRecord, 'endedAt'>[]): Promise<readonly Changed[]> {
    return this.#transaction(
      ends.map((e) => e.key.org),
      async (tx) => {
        const now = await this.#moment(tx);
        const records = ends.map((e): TaskRecord => ({ ...e, endedAt: now }));
        const inserted = await insertRows(tx, records);
        const won = records
          .filter((record) => inserted.has(attemptText(record)))
          .map((record): Changed => ({
            record,
            items: itemsOfDecision(undefined, record, record.round, this.#head(now)),
          }));
        await insertUnrecorded(
          tx,
          won.flatMap((changed) => changed.items),
        );
        return won;
      },
    );
  }

  /** Claims released tasks: locks of everything that could block, shared, in a statement of their own; then rows, blocks and clock; then the rules. */
  async claim(keys: readonly RoundKey[]): Promise<readonly Changed[]> {
    const recorded = new Map<string, number>();
    for (const key of keys) recorded.set(attemptText(key), Math.max(key.round, recorded.get(attemptText(key)) ?? 0));
    return this.#transaction(
      keys.map((k) => k.key.org),
      async (tx, orgs) => {
        const wanted = (await this.#everWritten(tx, keys)).flatMap(blockKeysOf);
        await lockShared(tx, wanted);
        // sent together, done one after another: rows are locked before blocks are read, and the clock is read last
        const [rows, blocks, now] = await Promise.all([this.#lock(tx, keys), readBlocks(tx, wanted), this.#moment(tx)]);
        const changed = this.#changed(rows, now, (row) => {
          const recordedRound = recorded.get(attemptText(row)) ?? 0;
          const facts = { grantId: uuidV7(now, this.random), recordedRound, ...blocksAgainst(row, blocks) };
          return applyEvent(row, { type: 'claim', facts }, now);
        });
        await Promise.all([write(tx, changed), writeRequests(tx, orgs, pairsOf(rows, changed))]);
        return changed;
      },
    );
  }

  /** Rows of which only connection and agents are wanted, which never change. */
  async #everWritten(tx: Tx, keys: readonly AttemptKey[]): Promise<readonly TaskRecord[]> {
    const unknown = keys.filter((key) => this.written.of(key) === undefined);
    const read = unknown.length === 0 ? [] : await readRows(tx, unknown);
    return [...keys.flatMap((key) => this.written.of(key) ?? []), ...read.map(({ record }) => record)];
  }

  /** Applies events to rows; what an event does not change in the row's state is left alone. */
  async apply(events: readonly Addressed[]): Promise<readonly Changed[]> {
    if (events.length === 0) return [];
    let written: readonly NewBody[] = [];
    const applied = await this.#transaction(
      events.map((e) => e.key.org),
      async (tx, orgs) => {
        const [rows, now] = await Promise.all([this.#lock(tx, events), this.#moment(tx)]);
        // of several events of one attempt the first stands: whoever is asked again may answer otherwise
        const byKey = new Map([...events].reverse().map((e) => [attemptText(e), e]));
        const costs = events.some(tellsCost) ? await readReports(tx, [...rows.values()]) : new Map<string, Cost>();
        const changed = this.#changed(rows, now, (row) => {
          const addressed = byKey.get(attemptText(row));
          return addressed === undefined ? undefined : applyEvent(row, withCost(row, addressed, costs), now);
        });
        written = bodiesOf(changed, byKey);
        await Promise.all([
          write(tx, changed),
          writeRequests(tx, orgs, pairsOf(rows, changed)),
          keepSealed(tx, this.sealKey, written),
        ]);
        return changed;
      },
    );
    // the first bytes of a side stand: those that came in may have been kept before
    for (const body of written) if (body.side !== 'in') this.written.keepBody(body, body.side, body.bytes);
    return applied;
  }

  /** Deletes what was recorded from the list of what was not. */
  async noteRecorded(items: readonly RecordedItem[]): Promise<void> {
    if (items.length === 0) return;
    await this.#transaction(
      items.map((i) => i.task.org),
      async (tx) => {
        await tx.last(
          'delete from dispatcher.unrecorded u using unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::int[], $6::text[]) as w(o, a, t, n, r, k) where u.org_id = o and u.agent_id = a and u.task_id = t and u.attempt = n and u.round = r and u.kind = k',
          [...itemParams(items), items.map((i) => i.kind)],
        );
        return [];
      },
    );
  }

  /** Notes that answers were sent. */
  async noteAnswered(answered: readonly AnsweredTask[]): Promise<void> {
    if (answered.length > 0) await this.database.tenants(orgsOf(answered), (tx) => noteAnswered(tx, answered));
    for (const key of answered) this.written.forget(key);
  }

  #changed(
    rows: ReadonlyMap<string, TaskRecord>,
    now: number,
    apply: (row: TaskRecord) => RowChange | undefined,
  ): readonly Changed[] {
    return [...rows.values()].flatMap((before): readonly Changed[] => {
      const change = apply(before);
      if (change === undefined) return [];
      const silent = change.next !== undefined || change.cause === LATE_COST;
      const changed = { record: change.record, items: itemsOfChange(change, this.#head(now)), before, silent };
      return change.next === undefined ? [changed] : [changed, { record: change.next, items: [], fresh: true }];
    });
  }

  #head(now: number): { readonly nonce: () => string; readonly now: number } {
    return { nonce: () => itemNonce(this.random), now };
  }

  async #transaction(
    orgs: readonly string[],
    run: (tx: Tx, orgs: readonly string[]) => Promise<readonly Changed[]>,
  ): Promise<readonly Changed[]> {
    if (orgs.length === 0) return [];
    const { changed, at } = await onBehalfOf(this.database, orgs, async (tx, all) => ({
      changed: await run(tx, all),
      at: this.#moments.get(tx),
    }));
    const records = changed.map(({ record }) => record);
    if (at !== undefined) this.written.keep(records, at);
    return changed;
  }

  #lock(tx: Tx, keys: readonly AttemptKey[]): Promise<ReadonlyMap<string, TaskRecord>> {
    return lockRecords(tx, keys, (key) => this.written.known(key));
  }

  /** The database's clock; what the transaction writes is remembered under the moment that it is of. */
  async #moment(tx: Tx): Promise<number> {
    const at = await moment(tx);
    this.#moments.set(tx, at);
    return at.now;
  }
}

async function write(tx: Tx, changed: readonly Changed[]): Promise<void> {
  const records = (fresh: boolean): readonly TaskRecord[] =>
    changed.flatMap((c) => ((c.fresh ?? false) === fresh ? [c.record] : []));
  await Promise.all([
    updateRows(tx, records(false)),
    insertRows(tx, records(true)),
    insertUnrecorded(
      tx,
      changed.flatMap((c) => c.items),
    ),
  ]);
}
