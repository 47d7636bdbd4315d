import { formatInstant } from '@countersign/primitives';
import { kindOfTransition, type RecordRef, type TaskKey, type TransitionItem } from '@countersign/contracts';
import { jsonArray, uuidArray, type Tx } from '@countersign/store';
import type { StoredTask } from '../../application/ports.js';
import { attemptText, type AttemptKey } from '../../domain/attempt.js';
import type { TaskRecord } from '../../domain/model.js';

interface TaskRowShape {
  readonly record: TaskRecord;
  readonly place: RecordRef | null;
  readonly answered_at: Date | null;
  readonly accepted_at: Date;
  readonly updated_at: Date;
}

const COLUMNS = 't.record, t.place, t.answered_at, t.accepted_at, t.updated_at';
/** Attempts as parameters 1 to 4, named `w`. */
export const KEYS = 'unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[]) as w(org_id, agent_id, task_id, attempt)';
/** The values of {@link KEYS}. */
export const keyParams = (keys: readonly AttemptKey[]): unknown[] => [
  uuidArray(keys.map((k) => k.key.org)),
  uuidArray(keys.map((k) => k.key.agent)),
  uuidArray(keys.map((k) => k.key.task)),
  keys.map((k) => k.attempt),
];

function storedOf(row: TaskRowShape): StoredTask {
  return {
    record: row.place === null ? row.record : { ...row.record, record: row.place },
    answeredAt: row.answered_at?.getTime(),
    acceptedAt: row.accepted_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  };
}

/** The database's clock in ms; asked for after the locks whose holders it has to be later than. */
export async function clock(tx: Tx): Promise<number> {
  return (await moment(tx)).now;
}

/** When a transaction has its locks (ms), what the rows that it writes have as `xmin`, and which run of which server says so. */
export interface Moment {
  readonly now: number;
  readonly xid: string;
  readonly server: string;
}

/** The database's clock, and the version of every row that this transaction writes. */
export async function moment(tx: Tx): Promise<Moment> {
  const [row] = await tx.query<Moment>(
    'select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as now, pg_current_xact_id()::xid::text as xid, pg_postmaster_start_time()::text as server',
  );
  if (row === undefined) throw new Error('the database has no clock');
  return row;
}

/** A row that is known as a transaction left it. A server that takes over without the end of the log gives the same `xid` to another transaction, so it counts on its own server only. */
export interface KnownRow extends Pick<Moment, 'xid' | 'server'> {
  readonly record: TaskRecord;
}

/** Whether a row still is as it is known. */
const SAME = "t.xmin::text || (select ' ' || pg_postmaster_start_time()) = w.known";

interface LockedRow {
  /** Its place among the keys that were asked for, from 1. */
  readonly n: number;
  readonly same: boolean;
  readonly record: TaskRecord | null;
  readonly place: RecordRef | null;
}

/** Locks rows in the order of their keys and reads their records; one that still has the version that is known of it is not sent again. */
export async function lockRecords(
  tx: Tx,
  keys: readonly AttemptKey[],
  known: (key: AttemptKey) => KnownRow | undefined,
): Promise<Map<string, TaskRecord>> {
  const sorted = inOrder(keys);
  const before = sorted.map(known);
  const rows = await tx.query<LockedRow>(
    `select w.n::int as n, ${SAME} as same, case when ${SAME} then null else t.record end as record, t.place
     from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[]) with ordinality as w(org_id, agent_id, task_id, attempt, known, n) join dispatcher.task t using (org_id, agent_id, task_id, attempt)
     order by t.org_id, t.agent_id, t.task_id, t.attempt for update of t`,
    [...keyParams(sorted), before.map((row) => (row === undefined ? '' : `${row.xid} ${row.server}`))],
  );
  return new Map(
    rows.flatMap(({ n, same, record, place }) => {
      const found = same ? before[n - 1]?.record : (record ?? undefined);
      if (found === undefined) return [];
      return [[attemptText(found), place === null ? found : { ...found, record: place }] as const];
    }),
  );
}

function inOrder(keys: readonly AttemptKey[]): readonly AttemptKey[] {
  return [...new Map(keys.map((k) => [attemptText(k), k])).entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, k]) => k);
}

/** Locks rows in the order of their keys and reads them. */
export async function lockRows(tx: Tx, keys: readonly AttemptKey[]): Promise<Map<string, StoredTask>> {
  const rows = await tx.query<TaskRowShape>(
    `select ${COLUMNS} from ${KEYS} join dispatcher.task t using (org_id, agent_id, task_id, attempt) order by t.org_id, t.agent_id, t.task_id, t.attempt for update of t`,
    keyParams(inOrder(keys)),
  );
  return new Map(rows.map((row) => [attemptText(row.record), storedOf(row)]));
}

/** The newest attempt of a task; the last statement of its transaction. */
export async function readTask(tx: Tx, { org, agent, task }: TaskKey): Promise<StoredTask | undefined> {
  const [row] = await tx.last<TaskRowShape>(
    `select ${COLUMNS} from dispatcher.task t where org_id = $1 and agent_id = $2 and task_id = $3 order by attempt desc limit 1`,
    [org, agent, task],
  );
  return row === undefined ? undefined : storedOf(row);
}

/** Rows that a condition selects; the last statement of its transaction. */
export async function selectTasks(tx: Tx, where: string, params: readonly unknown[]): Promise<readonly StoredTask[]> {
  return (await tx.last<TaskRowShape>(`select ${COLUMNS} from dispatcher.task t where ${where}`, params)).map(storedOf);
}

/** The condition of rows that have stood in a state for longer than what follows from it takes. One state at a time: each has an index, both together have none. */
export const stuckIn = (state: 'EVALUATING' | 'SCREENING'): string =>
  `t.state = '${state}' and t.updated_at < clock_timestamp() - interval '3 seconds'`;

/** Reads rows of attempts without locking. */
export async function readRows(tx: Tx, keys: readonly AttemptKey[]): Promise<readonly StoredTask[]> {
  return (
    await tx.query<TaskRowShape>(
      `select ${COLUMNS} from ${KEYS} join dispatcher.task t using (org_id, agent_id, task_id, attempt)`,
      keyParams(keys),
    )
  ).map(storedOf);
}

function recordParams(records: readonly TaskRecord[]): unknown[] {
  const instant = (ms: number | undefined): string | null => (ms === undefined ? null : formatInstant(ms));
  return [
    ...keyParams(records),
    records.map((r) => r.round),
    records.map((r) => r.state),
    records.map((r) => r.claim),
    uuidArray(records.map((r) => r.connection?.agent ?? null)),
    uuidArray(records.map((r) => r.connection?.id ?? null)),
    uuidArray(records.map((r) => r.grantId ?? null)),
    records.map((r) => r.primary ?? null),
    jsonArray(records),
    records.map((r) => instant(r.timerAt)),
    records.map((r) => instant(r.endedAt)),
    records.map((r) => instant(r.acceptedAt)),
  ];
}

const RECORD_ARRAYS =
  'unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::int[], $6::text[], $7::text[], $8::uuid[], $9::uuid[], $10::uuid[], $11::text[], $12::json[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[]) as w(o, a, t, n, r, st, cl, ta, co, gr, cd, rec, ti, en, ac)';

/** Inserts rows; the first writer wins. Answers which were inserted. */
export async function insertRows(tx: Tx, records: readonly TaskRecord[]): Promise<ReadonlySet<string>> {
  if (records.length === 0) return new Set();
  const rows = await tx.query<{
    readonly org_id: string;
    readonly agent_id: string;
    readonly task_id: string;
    readonly attempt: number;
  }>(
    `insert into dispatcher.task (org_id, agent_id, task_id, attempt, round, state, claim, target_agent, connection_id, grant_id, code, record, timer_at, ended_at, accepted_at)
     select o, a, t, n, r, st, cl, ta, co, gr, cd, rec, ti, en, ac from ${RECORD_ARRAYS} on conflict (org_id, agent_id, task_id, attempt) do nothing returning org_id, agent_id, task_id, attempt`,
    recordParams(records),
  );
  return new Set(
    rows.map((row) =>
      attemptText({ key: { org: row.org_id, agent: row.agent_id, task: row.task_id }, attempt: row.attempt }),
    ),
  );
}

/** Writes rows that were locked. */
export async function updateRows(tx: Tx, records: readonly TaskRecord[]): Promise<void> {
  if (records.length === 0) return;
  await tx.query(
    `update dispatcher.task d set round = r, state = st, claim = cl, target_agent = ta, connection_id = co, grant_id = gr, code = cd, record = rec, timer_at = ti, ended_at = en, updated_at = clock_timestamp()
     from ${RECORD_ARRAYS} where d.org_id = o and d.agent_id = a and d.task_id = t and d.attempt = n`,
    recordParams(records),
  );
}

/** Which rounds items are about, as parameters 1 to 5. */
export const itemParams = (items: readonly Pick<TransitionItem, 'task' | 'attempt' | 'round'>[]): unknown[] => [
  uuidArray(items.map((i) => i.task.org)),
  uuidArray(items.map((i) => i.task.agent)),
  uuidArray(items.map((i) => i.task.id)),
  items.map((i) => i.attempt),
  items.map((i) => i.round),
];

/** Leaves transitions until audit has recorded them. */
export async function insertUnrecorded(tx: Tx, items: readonly TransitionItem[]): Promise<void> {
  if (items.length === 0) return;
  await tx.query(
    `insert into dispatcher.unrecorded (org_id, agent_id, task_id, attempt, round, kind, item) select o, a, t, n, r, k, i from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::int[], $6::text[], $7::json[]) as w(o, a, t, n, r, k, i) on conflict do nothing`,
    [...itemParams(items), items.map(kindOfTransition), jsonArray(items)],
  );
}

/** An answer that was sent, and where the end of its task stands in the record. */
export interface AnsweredTask extends AttemptKey {
  readonly ref: RecordRef | undefined;
}

/** Notes that answers were sent, so that they are not sent again; the last statement of its transaction. */
export async function noteAnswered(tx: Tx, answered: readonly AnsweredTask[]): Promise<void> {
  await tx.last(
    `update dispatcher.task t set answered_at = clock_timestamp(), place = coalesce(w.place::json, t.place)
     from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[]) as w(o, a, k, n, place) where t.org_id = o and t.agent_id = a and t.task_id = k and t.attempt = n`,
    [...keyParams(answered), answered.map(({ ref }) => (ref === undefined ? null : JSON.stringify(ref)))],
  );
}
