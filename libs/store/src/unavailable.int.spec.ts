import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createServer, type Server, type Socket } from 'node:net';
import { connect } from 'node:net';
import { capturedLog, testDatabase, type TestDatabase } from '@countersign/testing';
import { Database, DatabaseUnavailable, type Migration, type Tx } from './index.js';

jest.setTimeout(60_000);

const migrations: readonly Migration[] = [
  {
    name: '202601010000-plain',
    statements: [
      'create table sample.plain (id int primary key)',
      'grant select, insert on sample.plain to sample_app',
    ],
  },
];

/** Stands between the service and the database, and can cut or hold what goes through. */
class Line {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  /** Called with everything the service sends; true swallows it and cuts the connection. */
  cutWhen: (data: Buffer) => boolean = () => false;
  held = false;

  constructor(private readonly target: { readonly host: string; readonly port: number }) {
    this.#server = createServer((near) => this.#join(near));
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket): void {
    const far = connect(this.target.port, this.target.host);
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => (near.destroy(), far.destroy(), this.#sockets.delete(socket)));
    }
    near.on('data', (data: Buffer) => {
      far.write(data);
      if (this.cutWhen(data)) near.destroy();
    });
    far.on('data', (data) => void (this.held || near.write(data)));
  }
}

let testing: TestDatabase;
let line: Line;
let database: Database;
const log = capturedLog();

beforeAll(async () => {
  testing = await testDatabase('sample', migrations);
  const url = new URL(testing.appUrl);
  line = new Line({ host: url.hostname, port: Number(url.port) });
  url.port = String(await line.listen());
  database = await Database.open({ url: url.href, service: 'sample', logger: log.logger });
});
afterAll(async () => {
  await database.close();
  await line.close();
  await testing.drop();
});

const insert =
  (id: number) =>
  (tx: Tx): Promise<unknown> =>
    tx.query('insert into sample.plain values ($1)', [id]);
const kept = (id: number): Promise<unknown[]> => testing.asSuper('select id from sample.plain where id = $1', [id]);

describe('a database that fails', () => {
  it('is told apart from a refusal, and works again by itself', async () => {
    const work = async (tx: Tx): Promise<void> => {
      await tx.query('select 1');
      line.cut();
      await tx.query('select 1');
    };
    await expect(database.installation(work)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await database.installation((tx) => tx.query('select 1 as one'))).toEqual([{ one: 1 }]);
  });

  it('may cut an idle connection without ending the process, and is logged', async () => {
    await database.installation((tx) => tx.query('select 1'));
    line.cut();
    while (!log.lines.some(({ msg }) => msg === 'a database connection was lost')) await new Promise(setImmediate);
    expect(await database.installation((tx) => tx.query('select 1 as one'))).toEqual([{ one: 1 }]);
  });

  it('that is gone is unavailable', async () => {
    const url = testing.appUrl.replace(/:\d+\//, ':1/');
    await expect(Database.open({ url, service: 'sample', logger: log.logger })).rejects.toBeInstanceOf(
      DatabaseUnavailable,
    );
  });

  it('says that the outcome is unknown when the connection went away in a commit', async () => {
    line.cutWhen = (data) => data.includes('commit');
    await expect(database.installation(insert(1))).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    line.cutWhen = () => false;
    while ((await kept(1)).length === 0) await new Promise(setImmediate);
    await expect(database.installation(insert(1))).rejects.toMatchObject({ code: '23505' });
  });

  it('says so too when the commit had left with the last statement', async () => {
    line.cutWhen = (data) => data.includes('commit');
    const last = (tx: Tx): Promise<unknown> => tx.last('insert into sample.plain values (5)');
    await expect(database.installation(last)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    line.cutWhen = () => false;
    expect(await database.installation((tx) => tx.last('select 1 as one'))).toEqual([{ one: 1 }]);
  });

  it('ends a statement after 5 s, with an unknown outcome and nothing written', async () => {
    const work = async (tx: Tx): Promise<void> => {
      await tx.query('insert into sample.plain values (2)');
      await tx.query('select pg_sleep(20)');
    };
    await expect(database.installation(work)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(await kept(2)).toEqual([]);
  });

  it('that stops answering is not waited for, and its connection is not used again', async () => {
    line.held = true;
    await expect(database.installation(insert(3))).rejects.toBeInstanceOf(DatabaseUnavailable);
    line.held = false;
    expect(await database.installation((tx) => tx.query('select 1 as one'))).toEqual([{ one: 1 }]);
    expect(await kept(3)).toEqual([]);
  });
});
