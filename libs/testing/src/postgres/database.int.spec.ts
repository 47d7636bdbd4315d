import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { processIdentity } from '@countersign/local';
import { tenantTable, type Migration } from '@countersign/store';
import { anId } from '../builders/ids.js';
import { testCluster } from './cluster.js';
import { testDatabase, type TestDatabase } from './database.js';

jest.setTimeout(60_000);

const migrations: readonly Migration[] = [
  {
    name: '202601010000-notes',
    statements: [
      'create table sample.note (org_id uuid not null, id int not null, primary key (org_id, id))',
      ...tenantTable('sample', 'note'),
    ],
  },
];

let first: TestDatabase;
let second: TestDatabase;
beforeAll(async () => {
  [first, second] = await Promise.all([testDatabase('sample', migrations), testDatabase('sample', migrations)]);
});
afterAll(async () => {
  await first.drop();
  await second.drop();
});

describe('a test database', () => {
  it('has roles and schema of the service, and is empty', async () => {
    const database = await first.open();
    expect(await database.tenant(anId(), (tx) => tx.query('select * from sample.note'))).toEqual([]);
  });

  it('shares nothing with another one', async () => {
    const org = anId();
    const [one, two] = [await first.open(), await second.open()];
    await one.tenant(org, (tx) => tx.query('insert into sample.note values ($1, 1)', [org]));
    expect(await two.tenant(org, (tx) => tx.query('select * from sample.note'))).toEqual([]);
    expect(await first.asSuper('select count(*)::int as n from sample.note')).toEqual([{ n: 1 }]);
  });

  it('is gone after it was dropped, with connections still open', async () => {
    const dropped = await testDatabase('sample', migrations);
    await dropped.open();
    await dropped.drop();
    const { superUrl } = await testCluster();
    const client = new pg.Client({ connectionString: superUrl });
    await client.connect();
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [dropped.name]);
    await client.end();
    expect(rowCount).toBe(0);
  });
});

const STARTER = `
  import pg from 'pg';
  import { testCluster } from ${JSON.stringify(join(import.meta.dirname, '../../dist/index.js'))};
  import { testRun } from ${JSON.stringify(join(import.meta.dirname, '../../dist/postgres/run.js'))};
  const { superUrl } = await testCluster();
  const client = new pg.Client({ connectionString: superUrl });
  await client.connect();
  const { rows } = await client.query("select split_part(pg_read_file('postmaster.pid'), chr(10), 1) as pid, current_setting('data_directory') as dir");
  console.log(JSON.stringify({ ...rows[0], folder: testRun().folder }));
  setInterval(() => undefined, 1000);`;

interface Started {
  readonly pid: string;
  readonly dir: string;
  readonly folder: string;
}

describe('the cluster of a run', () => {
  it('is the same for every caller of the run', async () => {
    expect(await testCluster()).toEqual(await testCluster());
  });

  it('ends with the run and leaves no file, even when the run is killed with -9', async () => {
    const run = spawn(process.execPath, ['--input-type=module', '-e', STARTER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await createInterface({ input: run.stdout })
      [Symbol.asyncIterator]()
      .next()
      .then(({ value }) => [value as string]);
    const { pid, dir, folder } = JSON.parse(line ?? '') as Started;
    expect(processIdentity(Number(pid))).toBeDefined();
    run.kill('SIGKILL');
    for (let tries = 0; tries < 400 && (processIdentity(Number(pid)) !== undefined || existsSync(dir)); tries += 1)
      await sleep(25);
    expect([processIdentity(Number(pid)), existsSync(dir), existsSync(folder)]).toEqual([undefined, false, false]);
  });
});
