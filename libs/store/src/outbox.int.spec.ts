import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { anId, testDatabase, type TestDatabase } from '@countersign/testing';
import { Outbox, outboxTable, tenantTable, type Database, type Migration, type OutboxRecord } from './index.js';

jest.setTimeout(60_000);

const migrations: readonly Migration[] = [
  {
    name: '202601010000-things',
    statements: [
      'create table sample.thing (org_id uuid not null, key text not null, version bigint not null, primary key (org_id, key))',
      ...tenantTable('sample', 'thing'),
      ...outboxTable('sample'),
    ],
  },
];

let testing: TestDatabase;
let database: Database;
const published: OutboxRecord[] = [];
const errors: unknown[] = [];

beforeEach(async () => {
  testing = await testDatabase('sample', migrations);
  database = await testing.open({ max: 8 });
  published.length = 0;
  errors.length = 0;
});
afterEach(() => testing.drop());

const outbox = (
  publish: (record: OutboxRecord) => Promise<void> = async (record) => void published.push(record),
): Outbox => new Outbox({ database, publish, onError: (error) => void errors.push(error) });

const org = anId();
const change = (key: string): Promise<number> =>
  database.tenant(org, async (tx) => {
    const [row] = await tx.query<{ readonly version: bigint }>(
      `insert into sample.thing (org_id, key, version) values ($1, $2, 1)
       on conflict (org_id, key) do update set version = sample.thing.version + 1 returning version`,
      [org, key],
    );
    const version = Number(row?.version);
    await Outbox.write(tx, 'sample', { key, version, body: { version } });
    return version;
  });

describe('an outbox', () => {
  it('publishes what a transaction left, and nothing of one that was rolled back', async () => {
    await change('a');
    const rolledBack = database.tenant(org, async (tx) => {
      await Outbox.write(tx, 'sample', { key: 'b', version: 1, body: {} });
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    await outbox().kick();
    expect(published).toEqual([{ key: 'a', version: 1, body: { version: 1 } }]);
    expect(await testing.asSuper('select * from sample.outbox')).toEqual([]);
  });

  it('publishes of each key what is newest', async () => {
    for (let i = 0; i < 5; i += 1) await change('a');
    await change('b');
    await outbox().kick();
    expect(published.map(({ key, version }) => [key, version]).sort()).toEqual([
      ['a', 5],
      ['b', 1],
    ]);
  });

  it('loses nothing of concurrent commits, slow ones too, and ends with the newest version of every key', async () => {
    const [one, two] = [outbox(), outbox()];
    const slow = database.tenant(org, async (tx) => {
      await Outbox.write(tx, 'sample', { key: 'slow', version: 1, body: {} });
      await tx.query('select pg_sleep(0.4)');
    });
    const changes = Array.from({ length: 400 }, (_, i) =>
      change(`key-${String(i % 20)}`).then(() => (i % 2 === 0 ? one : two).kick()),
    );
    await Promise.all([slow, ...changes]);
    await one.kick();
    const newest = new Map<string, number>();
    for (const { key, version } of published) newest.set(key, Math.max(version, newest.get(key) ?? 0));
    const wanted = Array.from({ length: 20 }, (_, i) => [`key-${String(i)}`, 20] as const);
    expect([...newest].sort()).toEqual([...wanted, ['slow', 1] as const].sort());
    expect(await testing.asSuper('select * from sample.outbox')).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('resolves a kick only when the record is published, even when another process has it in its hands', async () => {
    await change('a');
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const other = outbox(async (record) => {
      await held;
      published.push(record);
    });
    const others = other.kick();
    await sleep(50);
    const mine = outbox()
      .kick()
      .then(() => published.length);
    await sleep(50);
    release();
    expect(await mine).toBe(1);
    await others;
  });

  it('keeps what could not be published and does not hold the rest back', async () => {
    await change('bad');
    await change('good');
    let down = true;
    const relay = outbox(async (record) => {
      if (down && record.key === 'bad') throw new Error('refused');
      published.push(record);
    });
    await expect(relay.kick()).rejects.toThrow('refused');
    expect(published.map(({ key }) => key)).toEqual(['good']);
    expect(errors).toHaveLength(1);
    down = false;
    await relay.kick();
    expect(published.map(({ key }) => key)).toEqual(['good', 'bad']);
  });

  it('tells how long the oldest record has been waiting', async () => {
    const relay = outbox();
    expect(await relay.oldestPendingMs()).toBe(0);
    await change('a');
    await testing.asSuper("update sample.outbox set created = clock_timestamp() - interval '5 seconds'");
    expect(await relay.oldestPendingMs()).toBeGreaterThanOrEqual(5_000);
    await relay.kick();
    expect(await relay.oldestPendingMs()).toBe(0);
  });

  it('finds by itself what nobody kicked, until it is stopped', async () => {
    const relay = outbox();
    relay.start();
    await change('a');
    while (published.length === 0) await sleep(10);
    await relay.stop();
    await change('b');
    await sleep(1_500);
    expect(published.map(({ key }) => key)).toEqual(['a']);
  });

  it('tries again by itself soon after a failure, until it is stopped', async () => {
    let failures = 0;
    const relay = outbox(async (record) => {
      if (failures < 2 || record.key === 'b') throw new Error(`refused ${String((failures += 1))}`);
      published.push(record);
    });
    await change('a');
    const began = performance.now();
    await expect(relay.kick()).rejects.toThrow('refused 1');
    while (published.length === 0) await sleep(10);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(failures).toBe(2);
    await change('b');
    await expect(relay.kick()).rejects.toThrow('refused 3');
    await relay.stop();
    await sleep(600);
    expect(failures).toBe(3);
  });
});
