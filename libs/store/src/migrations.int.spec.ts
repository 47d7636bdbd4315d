import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { testDatabase, type TestDatabase } from '@countersign/testing';
import { migrate, schemaReady, type Migration } from './index.js';

jest.setTimeout(60_000);

const first: Migration = {
  name: '202601010000-one',
  statements: ['create table sample.one (id int primary key)', 'insert into sample.one values (1)'],
};
const second: Migration = {
  name: '202601020000-two',
  statements: ['alter table sample.one add column two int', 'create table sample.two (id int)'],
};

let testing: TestDatabase;
beforeEach(async () => {
  testing = await testDatabase('sample', []);
});
afterEach(() => testing.drop());

const run = (...migrations: readonly Migration[]): Promise<readonly string[]> =>
  migrate({ url: testing.migrateUrl, service: 'sample', migrations, lockTimeoutMs: 200 });

describe('migrations', () => {
  it('run once, in their order, as the owner', async () => {
    expect(await run(first)).toEqual([first.name]);
    expect(await run(first, second)).toEqual([second.name]);
    expect(await run(first, second)).toEqual([]);
    const owners = await testing.asSuper(
      "select distinct tableowner from pg_tables where schemaname = 'sample' and tablename in ('one', 'two', 'migration')",
    );
    expect(owners).toEqual([{ tableowner: 'sample_owner' }]);
  });

  it('run once when two start at the same time', async () => {
    const applied = await Promise.all([run(first, second), run(first, second), run(first, second)]);
    expect(applied.flat()).toEqual([first.name, second.name]);
    expect(await testing.asSuper('select id from sample.one')).toEqual([{ id: 1 }]);
  });

  it('are refused when one was changed after it ran', async () => {
    await run(first);
    const changed = { ...first, statements: [...first.statements, 'select 1'] };
    await expect(run(changed)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
  });

  it('are refused when the schema holds one that the program does not know, or in another order', async () => {
    await run(first, second);
    await expect(run(first)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
    await expect(run(second, first)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
  });

  it('leave nothing of one that fails in its middle, and keep the ones before', async () => {
    const broken = { ...second, statements: [...second.statements, 'select 1 / 0'] };
    await expect(run(first, broken)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
    expect(await testing.asSuper("select to_regclass('sample.two')::text as two")).toEqual([{ two: null }]);
    expect(await run(first, second)).toEqual([second.name]);
  });

  it('wait for a lock in short turns, so that a service behind them is not held up', async () => {
    await run(first);
    const holder = new pg.Client({ connectionString: testing.superUrl });
    await holder.connect();
    await holder.query('begin; select * from sample.one');
    const waiting = run(first, second);
    for (let turns = 0; turns < 2;) {
      const [row] = await testing.asSuper<{ readonly n: number }>(
        "select count(*)::int as n from pg_locks where not granted and relation = 'sample.one'::regclass",
      );
      if (row?.n === 1) turns += 1;
      await holder.query('select pg_sleep(0.25)');
    }
    await holder.query('commit');
    expect(await waiting).toEqual([second.name]);
    await holder.end();
  });
});

describe('a schema', () => {
  it('is ready when everything this program needs ran, also when a newer program added more', async () => {
    await run(first);
    const database = await testing.open();
    const ready = [await schemaReady(database, [first]), await schemaReady(database, [first, second])];
    await run(first, second);
    ready.push(await schemaReady(database, [first]), await schemaReady(database, [first, second]));
    expect(ready).toEqual([true, false, true, true]);
  });
});
