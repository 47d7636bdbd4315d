import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { processIdentity } from '../bin/shared/process-identity.mjs';
import { removePostgres, startPostgres, startThrowAwayPostgres, type EmbeddedPostgres } from './embedded-postgres.js';

jest.setTimeout(60_000);

const children: ChildProcess[] = [];
const running: EmbeddedPostgres[] = [];
let project = '';
let stateDir = '';

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'countersign-spec-'));
  stateDir = join(project, '.countersign');
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const server of running.splice(0)) await server.stop();
});

afterAll(async () => {
  await removePostgres({ project, stateDir });
  rmSync(project, { recursive: true, force: true });
});

const start = async (extra: object = {}): Promise<EmbeddedPostgres> => {
  const server = await startPostgres({ project, stateDir, ...extra });
  running.push(server);
  return server;
};

const query = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

const gone = async (pid: number): Promise<boolean> => {
  for (let tries = 0; tries < 400; tries += 1) {
    if (processIdentity(pid) === undefined) return true;
    await sleep(25);
  }
  return false;
};

/** A process of its own that starts the same cluster, writes `count` rows and then waits to be killed. */
const starterWithRows = async (count: number): Promise<{ child: ChildProcess; pid: number }> => {
  const script = `
    import pg from 'pg';
    import { startPostgres } from ${JSON.stringify(join(import.meta.dirname, '../dist/index.js'))};
    const server = await startPostgres(${JSON.stringify({ project, stateDir })});
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query('CREATE TABLE IF NOT EXISTS kept (n int)');
    for (let n = 0; n < ${String(count)}; n += 1) await client.query('INSERT INTO kept VALUES ($1)', [n]);
    console.log(server.pid);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) return { child, pid: Number(line) };
  throw new Error('the starter ended before it was ready');
};

describe('the embedded PostgreSQL', () => {
  it('starts, answers, keeps its data over a restart and its secrets to its user', async () => {
    const first = await startPostgres({ project, stateDir });
    await query(first.url, 'CREATE TABLE letters AS SELECT 1 AS n');
    const [setting] = await query(
      first.url,
      "SELECT current_setting('fsync') f, current_setting('unix_socket_directories') u",
    );
    await first.stop();
    const second = await start();
    expect({ created: [first.created, second.created], setting }).toEqual({
      created: [true, false],
      setting: { f: 'on', u: '' },
    });
    expect(await query(second.url, 'SELECT n FROM letters')).toEqual([{ n: 1 }]);
    expect(second.port).toBe(first.port);
    const modes = [join(stateDir, 'postgres-password'), second.logFile].map((file) => statSync(file).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600]);
  });

  it('collates by code point with the provider that is the same on every machine', async () => {
    const server = await start();
    const [database] = await query(
      server.url,
      "SELECT datlocprovider, datlocale, upper('ä') AS upper FROM pg_database WHERE datname = 'postgres'",
    );
    expect(database).toEqual({ datlocprovider: 'b', datlocale: 'C.UTF-8', upper: 'Ä' });
  });

  it('lets nobody in without the password', async () => {
    const server = await start();
    await expect(query(server.url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(/authentication failed/);
  });

  it('ends with its starter when that is killed with -9, and keeps every acknowledged row', async () => {
    const { child, pid } = await starterWithRows(100);
    child.kill('SIGKILL');
    expect(await gone(pid)).toBe(true);
    const server = await start();
    expect(await query(server.url, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 100 }]);
  });

  it('keeps every acknowledged row when starter and server are both killed with -9', async () => {
    const { child, pid } = await starterWithRows(50);
    process.kill(pid, 'SIGKILL');
    child.kill('SIGKILL');
    expect(await gone(pid)).toBe(true);
    const server = await start();
    expect(await query(server.url, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 150 }]);
  });

  it('stops a server that was left behind without a starter, and starts its own', async () => {
    const first = await startPostgres({ project, stateDir });
    const program = readFileSync(`/proc/${String(first.pid)}/cmdline`, 'utf8').split('\0')[0] ?? '';
    await first.stop();
    const { uid, gid } = statSync(first.dataDir);
    const args = ['-D', first.dataDir, '-p', String(first.port), '-c', 'unix_socket_directories='];
    const orphan = spawn(program, args, { uid, gid, cwd: first.dataDir, stdio: 'ignore', detached: true });
    children.push(orphan);
    while (!existsSync(join(first.dataDir, 'postmaster.pid'))) await sleep(10);
    const lines: string[] = [];
    const second = await start({ report: (line: string) => lines.push(line) });
    expect(lines.join()).toContain(`process ${String(orphan.pid)}`);
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is not held up by a postmaster.pid whose id now belongs to another program', async () => {
    const first = await startPostgres({ project, stateDir });
    await first.stop();
    writeFileSync(join(first.dataDir, 'postmaster.pid'), `${String(process.pid)}\n${first.dataDir}\n`);
    expect((await start()).running).toBe(true);
  });

  it('refuses a second starter while the first one lives', async () => {
    await start();
    await expect(startPostgres({ project, stateDir })).rejects.toMatchObject({ code: 'POSTGRES_IN_USE' });
  });

  it('is started again on the same port when it dies under supervision', async () => {
    const lines: string[] = [];
    const server = await start({ supervise: true, report: (line: string) => lines.push(line) });
    const before = { pid: server.pid, port: server.port };
    server.kill('SIGKILL');
    while (server.pid === before.pid) await sleep(25);
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(server.port).toBe(before.port);
    expect(lines).toEqual(expect.arrayContaining([expect.stringMatching(/ended unexpectedly/)]));
  });

  it('sets a cluster aside, and says so, when the password that opens it is gone', async () => {
    unlinkSync(join(stateDir, 'postgres-password'));
    const lines: string[] = [];
    const server = await start({ report: (line: string) => lines.push(line) });
    expect(server.created).toBe(true);
    expect(lines.join()).toMatch(/set aside in/);
  });

  it('rejects with the last lines of its log when it cannot start', async () => {
    await expect(startPostgres({ project, stateDir, maxConnections: -1 })).rejects.toThrow(/max_connections/);
  });

  it('refuses NODE_ENV=production unless it is told otherwise', async () => {
    process.env['NODE_ENV'] = 'production';
    try {
      await expect(startPostgres({ project, stateDir })).rejects.toMatchObject({ code: 'PRODUCTION_REFUSED' });
      const server = await start({ allowProduction: true });
      expect(server.running).toBe(true);
    } finally {
      process.env['NODE_ENV'] = 'test';
    }
  });
});

describe('a PostgreSQL that is thrown away', () => {
  it('leaves no folder behind and may do without fsync when told', async () => {
    const server = await startThrowAwayPostgres({ fsync: false });
    const [setting] = await query(server.url, "SELECT current_setting('fsync') AS fsync");
    await server.stop();
    expect(setting).toEqual({ fsync: 'off' });
    expect(() => readFileSync(join(server.dataDir, 'PG_VERSION'))).toThrow(/ENOENT/);
    expect(processIdentity(server.pid)).toBeUndefined();
  });

  it('leaves no process and no folder behind when its starter is killed with -9', async () => {
    const script = `
      import { startThrowAwayPostgres } from ${JSON.stringify(join(import.meta.dirname, '../dist/index.js'))};
      const server = await startThrowAwayPostgres({ fsync: false });
      console.log(JSON.stringify({ pid: server.pid, dataDir: server.dataDir }));
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    let printed = '{}';
    for await (const line of createInterface({ input: child.stdout })) {
      printed = line;
      break;
    }
    const { pid, dataDir } = JSON.parse(printed) as { pid: number; dataDir: string };
    child.kill('SIGKILL');
    expect(await gone(pid)).toBe(true);
    let left = true;
    for (let tries = 0; left && tries < 200; tries += 1) {
      await sleep(25);
      left = statSync(dataDir, { throwIfNoEntry: false }) !== undefined;
    }
    expect(left).toBe(false);
  });
});
