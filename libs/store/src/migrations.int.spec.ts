import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { testDatabase, type TestDatabase } from '@countersign/testing';
import { migrate, SchemaWatch, schemaState, type Migration } from './index.js';

jest.setTimeout(60_000);

const first: Migration = {
  name: '202601010000-one',
  statements: ['create table sample.one (id int primary key)', 'insert into sample.one values (1)'],
};
const second: Migration = {
  name: '202601020000-two',
  statements: ['alter table sample.one add column two int', 'create table sample.two (id int)'],
};
/** Takes away what programs before `second` used. */
const contract: Migration = {
  name: '202601030000-contract',
  statements: ['drop table sample.one'],
  needs: second.name,
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

  it('are refused in another order than they ran in', async () => {
    await run(first, second);
    await expect(run(second, first)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
  });

  it('leave later steps of a newer release alone, so that an older program can be started again', async () => {
    await run(first, second);
    expect(await run(first)).toEqual([]);
    expect(await testing.asSuper('select name from sample.migration order by position')).toEqual([
      { name: first.name },
      { name: second.name },
    ]);
  });

  it('are refused when a later step asks for a program that knows what this one does not', async () => {
    await run(first, second, contract);
    await expect(run(first)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
    expect(await run(first, second)).toEqual([]);
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
      // over the connection that is there: a new one takes longer than a turn on a busy machine
      const { rows } = await holder.query<{ readonly n: number }>(
        "select count(*)::int as n from pg_locks where not granted and relation = 'sample.one'::regclass",
      );
      if (rows[0]?.n === 1) turns += 1;
      await holder.query('select pg_sleep(0.25)');
    }
    await holder.query('commit');
    expect(await waiting).toEqual([second.name]);
    await holder.end();
  });
});

describe('a schema', () => {
  it('is behind a program until everything that it needs ran, and ready also when a newer program added more', async () => {
    await run(first);
    const database = await testing.open();
    const states = [await schemaState(database, [first]), await schemaState(database, [first, second])];
    await run(first, second);
    states.push(await schemaState(database, [first]), await schemaState(database, [first, second]));
    expect(states).toEqual(['ready', 'behind', 'ready', 'ready']);
  });

  it('is ahead of a program from the contract step on whose expand step the program does not know', async () => {
    await run(first, second, contract);
    const database = await testing.open();
    expect(await schemaState(database, [first])).toBe('ahead');
    expect(await schemaState(database, [first, second])).toBe('ready');
  });

  it('can be read where an earlier release has migrated last', async () => {
    await run(first);
    await testing.asSuper('alter table sample.migration drop column needs');
    const database = await testing.open();
    expect(await schemaState(database, [first])).toBe('ready');
    expect(await run(first, second)).toEqual([second.name]);
  });

  it('is looked at again, so that a program that runs becomes unready by a contract step', async () => {
    await run(first);
    const database = await testing.open();
    let now = 0;
    const watch = new SchemaWatch({ database, migrations: [first], monotonic: () => now });
    expect(await watch.state()).toBe('ready');
    await run(first, second, contract);
    now = 4_999;
    expect(await watch.state()).toBe('ready');
    now = 5_000;
    expect(await watch.state()).toBe('ahead');
  });
});
