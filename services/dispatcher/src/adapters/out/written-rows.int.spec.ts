import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { SystemClock, SystemRandom } from '@countersign/primitives';
import { CONTROLS } from '@countersign/contracts';
import type { ServiceConfig } from '@countersign/service-host';
import { aTaskKey, aTaskMessage, aVerdict, testDatabase, type TestDatabase } from '@countersign/testing';
import { ORDINARY_TERMS } from '../../domain/approval-terms.js';
import { takeVerdict } from '../../domain/evaluation.js';
import type { Evaluation, TaskRecord } from '../../domain/model.js';
import { dispatcherMigrations } from '../../migrations/index.js';
import { TaskStore } from './task.store.js';

jest.setTimeout(60_000);

const clock = new SystemClock();
const DIGEST = `sha256:${'0'.repeat(64)}`;
const REF = { frame: DIGEST, index: 0, leaf: DIGEST };
const config: ServiceConfig = {
  values: { COUNTERSIGN_SEAL_KEY_FILE: Buffer.alloc(32, 1), COUNTERSIGN_INTAKE_PER_10S: 3 },
};

let database: TestDatabase;
let one: TaskStore;
let two: TaskStore;
beforeAll(async () => {
  database = await testDatabase('dispatcher', dispatcherMigrations);
  const opened = await database.open();
  [one, two] = [new TaskStore(opened, new SystemRandom(), config), new TaskStore(opened, new SystemRandom(), config)];
});
afterAll(() => database.drop());

/** A task that the first replica adopted and claimed, so that it knows its row. */
async function claimedByOne(): Promise<TaskRecord> {
  const key = aTaskKey({ at: Date.now() });
  const now = Date.now();
  const message = aTaskMessage({ key, streamAt: now });
  const { attempt, round, seq, digest } = message;
  const task = {
    taskType: 'chat',
    target: '',
    deadline: now + 600_000,
    instance: undefined,
    models: null,
    tools: null,
  };
  const evaluation: Evaluation = {
    ...{ key, attempt, round, seq, streamAt: now, digest, deniedAt: undefined },
    task: { ...task, usesModels: false },
    verdicts: new Map(),
    missing: new Map(),
  };
  for (const control of CONTROLS)
    takeVerdict(evaluation, control, aVerdict(message, control, { clock }), { ref: REF, at: now });
  await one.adopt([{ evaluation, body: message.body, currency: 'USD', terms: ORDINARY_TERMS }]);
  const [changed] = await one.claim([{ key, attempt: 1, round: 1 }]);
  if (changed === undefined) throw new Error('not claimed');
  return changed.record;
}

const cancel = (store: TaskStore, { key, attempt }: TaskRecord) =>
  store.apply([{ key, attempt, event: { type: 'cancel', actor: 'operator:local', code: 'CANCELLED_BY_USER' } }]);
const result = (store: TaskStore, { key, attempt }: TaskRecord, bytes = 'done') => {
  const event = { type: 'result', failed: false, seq: 1, digest: DIGEST, usage: [], tools: [] } as const;
  return store.apply([{ key, attempt, event, bodies: { out: Buffer.from(bytes) } }]);
};
const stateOf = async ({ key }: TaskRecord): Promise<string | undefined> => (await two.find(key))?.record.state;

describe('a replica that knows a row', () => {
  it('changes the row as another replica left it', async () => {
    const row = await claimedByOne();
    expect(await result(two, row)).toMatchObject([{ record: { state: 'SCREENING' } }]);
    // of the first replica's memory the task is still with its target, and a second result would count
    expect(await result(one, row)).toEqual([]);
    expect(await stateOf(row)).toBe('SCREENING');
  });

  it('changes it as it is when the lock is had, not as it was when the lock was asked for', async () => {
    const row = await claimedByOne();
    const holder = new pg.Client({ connectionString: database.superUrl });
    await holder.connect();
    await holder.query('begin');
    await holder.query('select 1 from dispatcher.task where task_id = $1 for update', [row.key.task]);
    const waiting = result(one, row);
    await untilWaiting(holder);
    const ended = `jsonb_set(record::jsonb, '{state}', '"CANCELLED"')::json`;
    await holder.query(`update dispatcher.task set state = 'CANCELLED', record = ${ended} where task_id = $1`, [
      row.key.task,
    ]);
    await holder.query('commit');
    await holder.end();
    // a late result of a task that has ended: its cost is noted, and nothing else
    expect(await waiting).toMatchObject([{ silent: true, record: { state: 'CANCELLED' } }]);
    expect(await stateOf(row)).toBe('CANCELLED');
  });

  it('takes its own memory where nobody has written since, and goes on from what it wrote', async () => {
    const row = await claimedByOne();
    expect(await result(one, row)).toMatchObject([{ record: { state: 'SCREENING', grantId: row.grantId } }]);
    expect(await one.inState([row], 'SCREENING')).toMatchObject([{ result: { digest: DIGEST } }]);
    expect(await one.inState([row], 'COMPLETED')).toEqual([]);
    expect(await one.ofGrants([row.grantId ?? ''])).toMatchObject([{ key: row.key }]);
    expect(await stateOf(row)).toBe('SCREENING');
  });

  it('reads what another replica wrote, and the other reads what it wrote', async () => {
    const row = await claimedByOne();
    await result(two, row, 'told to the other');
    expect(await one.inState([row], 'SCREENING')).toMatchObject([{ state: 'SCREENING' }]);
    expect((await one.body(row, 'out'))?.toString()).toBe('told to the other');
    expect(await two.ofGrants([row.grantId ?? ''])).toMatchObject([{ state: 'SCREENING' }]);
  });

  it('remembers nothing of a change that was not committed', async () => {
    const row = await claimedByOne();
    await database.asSuper('alter table dispatcher.unrecorded add constraint never check (false) not valid');
    try {
      await expect(result(one, row)).rejects.toThrow();
    } finally {
      await database.asSuper('alter table dispatcher.unrecorded drop constraint never');
    }
    expect(await one.inState([row], 'SCREENING')).toEqual([]);
    expect(await one.body(row, 'out')).toBeUndefined();
    expect(await cancel(one, row)).toHaveLength(1);
  });

  it('does not answer again what another replica has answered', async () => {
    const row = await claimedByOne();
    await database.asSuper(
      `update dispatcher.task set state = 'COMPLETED', record = jsonb_set(record::jsonb, '{state}', '"COMPLETED"')::json, answered_at = now() where task_id = $1`,
      [row.key.task],
    );
    expect(await one.unanswered([row])).toEqual([]);
  });

  it('reads the row of a server that lost the end of its log and numbered another transaction alike', async () => {
    const row = await claimedByOne();
    const versions = () =>
      database.asSuper('select xmin::text from dispatcher.task where task_id = $1', [row.key.task]);
    const before = await versions();
    await failOver({ ...row, state: 'RELEASING', claim: 'NONE' });
    try {
      expect(await versions()).toEqual(before);
      // of the first replica's memory the task is with its target; on this server it never got there
      expect(await result(one, row)).toEqual([]);
      expect(await one.ofGrants([row.grantId ?? ''])).not.toMatchObject([{ state: 'DISPATCHED' }]);
    } finally {
      await failBack();
    }
  });
});

/** Stands for a failover: rows keep their `xmin` and hold another record, and the server has another start. A column that is added with a default writes no row anew. */
async function failOver(record: TaskRecord): Promise<void> {
  await database.asSuper('alter table dispatcher.task rename record to lost');
  await database.asSuper('alter table dispatcher.task alter lost drop not null');
  await database.asSuper(`alter table dispatcher.task add record json not null default '${JSON.stringify(record)}'`);
  await database.asSuper('create schema standby');
  await database.asSuper('grant usage on schema standby to public');
  await database.asSuper(
    `create function standby.pg_postmaster_start_time() returns timestamptz language sql stable as $$ select timestamptz '2020-02-02 20:20:20.02+00' $$`,
  );
  await inNewSessions('set search_path = dispatcher, standby, pg_catalog');
}

async function failBack(): Promise<void> {
  await database.asSuper('alter table dispatcher.task drop record');
  await database.asSuper('alter table dispatcher.task rename lost to record');
  await database.asSuper('alter table dispatcher.task alter record set not null');
  await inNewSessions('reset search_path');
}

/** Says what sessions begin with, and ends those that began otherwise. */
async function inNewSessions(setting: string): Promise<void> {
  await database.asSuper(`alter role dispatcher_app in database ${database.name} ${setting}`);
  await database.asSuper(
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and application_name = 'dispatcher'",
  );
  const again = async (): Promise<void> => void (await two.find(aTaskKey({ at: Date.now() })).catch(again));
  await again();
}

async function untilWaiting(client: pg.Client): Promise<void> {
  for (let i = 0; i < 500; i += 1) {
    // within a transaction the first look at activity is kept
    await client.query('select pg_stat_clear_snapshot()');
    const { rows } = await client.query(
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%for update of t%'",
    );
    if (rows.length > 0) return;
    await client.query('select pg_sleep(0.01)');
  }
  throw new Error('nobody waits for the lock');
}
