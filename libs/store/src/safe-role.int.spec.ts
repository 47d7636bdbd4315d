import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { silentLogger, testDatabase, type TestDatabase } from '@countersign/testing';
import { Database, tenantTable, type Migration } from './index.js';

jest.setTimeout(60_000);

const migrations: readonly Migration[] = [
  {
    name: '202601010000-notes',
    statements: [
      'create table guarded.note (org_id uuid not null, id int not null, primary key (org_id, id))',
      ...tenantTable('guarded', 'note'),
    ],
  },
];

// a role belongs to the whole cluster, so what this file does to roles it does to a service that no other file uses
let testing: TestDatabase;
beforeAll(async () => {
  testing = await testDatabase('guarded', migrations);
});
afterAll(() => testing.drop());

const undo: string[] = [];
afterEach(async () => {
  for (const sql of undo.splice(0)) await testing.asSuper(sql);
});

const openWith = async (change: string, back: string): Promise<unknown> => {
  await testing.asSuper(change);
  undo.push(back);
  return testing.open();
};

describe('a service does not start', () => {
  it('unless its role is safe', async () => {
    await expect(testing.open()).resolves.toBeInstanceOf(Database);
  });

  const cases: readonly (readonly [why: string, change: string, back: string])[] = [
    ['a role that is superuser', 'alter role guarded_app superuser', 'alter role guarded_app nosuperuser'],
    ['a role that bypasses policies', 'alter role guarded_app bypassrls', 'alter role guarded_app nobypassrls'],
    [
      'a role that may become the owner',
      'grant guarded_owner to guarded_app with inherit false, set true',
      'revoke guarded_owner from guarded_app',
    ],
    [
      'a role that may become one that bypasses policies',
      'create role guarded_bypass bypassrls; grant guarded_bypass to guarded_app with inherit false, set true',
      'revoke guarded_bypass from guarded_app; drop role guarded_bypass',
    ],
    [
      'a role that owns a table',
      'create table guarded.own (id int); alter table guarded.own owner to guarded_app',
      'drop table guarded.own',
    ],
    [
      'a role that owns a table of another schema',
      'create table public.own (id int); alter table public.own owner to guarded_app',
      'drop table public.own',
    ],
    [
      'a tenant table whose policies are off',
      'alter table guarded.note disable row level security',
      'alter table guarded.note enable row level security',
    ],
    [
      'a tenant table whose policies do not bind the owner',
      'alter table guarded.note no force row level security',
      'alter table guarded.note force row level security',
    ],
    [
      'a tenant table that was forgotten',
      'create table guarded.forgotten (org_id uuid)',
      'drop table guarded.forgotten',
    ],
  ];
  it.each(cases)('with %s', async (_why, change, back) => {
    await expect(openWith(change, back)).rejects.toMatchObject({ code: 'UNSAFE_ROLE' });
  });

  it('as the migrating role, which may become the owner', async () => {
    const options = { url: testing.migrateUrl, service: 'guarded', logger: silentLogger() };
    await testing.asSuper('grant usage on schema guarded to guarded_migrate');
    await expect(Database.open(options)).rejects.toMatchObject({ code: 'UNSAFE_ROLE' });
  });

  it('as a harmless role put on by a superuser who logged in', async () => {
    const url = new URL(testing.superUrl);
    url.searchParams.set('options', '-c role=guarded_app');
    const options = { url: url.href, service: 'guarded', logger: silentLogger() };
    await expect(Database.open(options)).rejects.toMatchObject({ code: 'UNSAFE_ROLE' });
  });
});

describe('the roles of a service', () => {
  it('hold the flags that were meant, and the owner cannot log in', async () => {
    const rows = await testing.asSuper(
      `select rolname, rolcanlogin, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb as mighty
       from pg_roles where rolname like 'guarded\\_%' order by rolname`,
    );
    expect(rows).toEqual([
      { rolname: 'guarded_app', rolcanlogin: true, mighty: false },
      { rolname: 'guarded_migrate', rolcanlogin: true, mighty: false },
      { rolname: 'guarded_owner', rolcanlogin: false, mighty: false },
      { rolname: 'guarded_system', rolcanlogin: false, mighty: false },
    ]);
  });

  it('let the migrating role do nothing until it says that it is the owner', async () => {
    const client = new pg.Client({ connectionString: testing.migrateUrl });
    await client.connect();
    await expect(client.query('select * from guarded.note')).rejects.toMatchObject({ code: '42501' });
    await client.query('set role guarded_owner');
    // forced: without a policy for it, the owner itself sees nothing
    expect((await client.query('select * from guarded.note')).rows).toEqual([]);
    await client.end();
  });
});
