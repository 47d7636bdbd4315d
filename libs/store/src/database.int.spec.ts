import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { anId, testDatabase, type TestDatabase } from '@countersign/testing';
import {
  DatabaseClock,
  jsonArray,
  planFreely,
  systemAccess,
  tenantTable,
  uuidArray,
  type Database,
  type Migration,
  type Tx,
} from './index.js';

jest.setTimeout(60_000);

const migrations: readonly Migration[] = [
  {
    name: '202601010000-notes',
    statements: [
      'create table sample.note (org_id uuid not null, id int not null, micros bigint not null default 0, primary key (org_id, id))',
      ...tenantTable('sample', 'note'),
      'create table sample.hidden (org_id uuid not null, id int not null, primary key (org_id, id))',
      ...tenantTable('sample', 'hidden'),
      ...systemAccess('sample', 'note', 'select, delete'),
      'create table sample.plain (id int primary key)',
      'grant select, insert on sample.plain to sample_app',
    ],
  },
];

interface Note {
  readonly org_id: string;
  readonly id: number;
}

const [alpha, beta, gamma] = [anId(), anId(), anId()];
let testing: TestDatabase;
let database: Database;

beforeAll(async () => {
  testing = await testDatabase('sample', migrations);
  database = await testing.open();
  for (const org of [alpha, beta, gamma]) {
    await database.tenant(org, (tx) => tx.query('insert into sample.note (org_id, id) values ($1, 1)', [org]));
  }
});
afterAll(() => testing.drop());

const notes = (tx: Tx): Promise<readonly Note[]> =>
  tx.query<Note>('select org_id, id from sample.note order by org_id');

describe('a tenant table', () => {
  it('cannot be read without saying for whom, on a fresh connection and on one that served somebody', async () => {
    const fresh = await testing.open({ max: 1 });
    // the first transaction of this connection was the look at its role
    await expect(fresh.installation(notes)).rejects.toMatchObject({ code: '42704' });
    await fresh.tenant(alpha, notes);
    await expect(fresh.installation(notes)).rejects.toMatchObject({ code: '22P02' });
  });

  it('shows an organisation its own rows and no others', async () => {
    expect(await database.tenant(alpha, notes)).toEqual([{ org_id: alpha, id: 1 }]);
    expect(await database.tenant(anId(), notes)).toEqual([]);
  });

  it('takes no row for another organisation, and lets none be changed or removed', async () => {
    const insert = (tx: Tx): Promise<unknown> =>
      tx.query('insert into sample.note (org_id, id) values ($1, 2)', [beta]);
    await expect(database.tenant(alpha, insert)).rejects.toMatchObject({ code: '42501' });
    const changed = await database.tenant(alpha, async (tx) => [
      await tx.query('update sample.note set id = 9 where org_id = $1 returning id', [beta]),
      await tx.query('delete from sample.note where org_id = $1 returning id', [beta]),
    ]);
    expect(changed).toEqual([[], []]);
    const move = (tx: Tx): Promise<unknown> => tx.query('update sample.note set org_id = $1', [beta]);
    await expect(database.tenant(alpha, move)).rejects.toMatchObject({ code: '42501' });
    expect(await database.tenant(beta, notes)).toEqual([{ org_id: beta, id: 1 }]);
  });

  it('shows a batch exactly the organisations it lists', async () => {
    const seen = await database.tenants([alpha, gamma], notes);
    expect(seen.map((note) => note.org_id).sort()).toEqual([alpha, gamma].sort());
    expect(await database.tenants([], notes)).toEqual([]);
  });

  it('cannot be opened by a text that is no id', async () => {
    for (const text of ['', '*', `${alpha},${beta}`, `${alpha}}', true); reset role; --`]) {
      await expect(database.tenant(text, notes)).rejects.toMatchObject({ code: 'INVALID_TENANT' });
    }
  });
});

describe('the system role', () => {
  it('sees every organisation, in the tables that were granted to it and no others', async () => {
    expect(await database.system(notes)).toHaveLength(3);
    const hidden = (tx: Tx): Promise<unknown> => tx.query('select * from sample.hidden');
    await expect(database.system(hidden)).rejects.toMatchObject({ code: '42501' });
    const insert = (tx: Tx): Promise<unknown> =>
      tx.query('insert into sample.note (org_id, id) values ($1, 5)', [alpha]);
    await expect(database.system(insert)).rejects.toMatchObject({ code: '42501' });
  });

  it('ends with its transaction', async () => {
    const one = await testing.open({ max: 1 });
    await one.system(notes);
    const who = await one.installation((tx) => tx.query('select current_user as who'));
    expect(who).toEqual([{ who: 'sample_app' }]);
    expect(await one.tenant(alpha, notes)).toHaveLength(1);
  });

  it('gives the role of the service nothing of its sight', async () => {
    expect(await database.tenant(alpha, notes)).toHaveLength(1);
  });
});

describe('the role of a service', () => {
  it.each(['sample_owner', 'sample_migrate', 'postgres'])('cannot become %s', async (role) => {
    const become = (tx: Tx): Promise<unknown> => tx.query(`set local role ${role}`);
    await expect(database.installation(become)).rejects.toMatchObject({ code: '42501' });
  });

  it('cannot switch policies off or make tables', async () => {
    const statements = [
      'alter table sample.note disable row level security',
      'drop policy tenant on sample.note',
      'create table sample.own (id int)',
      'create table public.own (id int)',
    ];
    for (const sql of statements) {
      await expect(database.tenant(alpha, (tx) => tx.query(sql))).rejects.toMatchObject({ code: '42501' });
    }
  });
});

describe('a transaction', () => {
  it('brings bigint columns as BigInt, exactly', async () => {
    const micros = 9_007_199_254_740_993n;
    const [row] = await database.tenant(alpha, (tx) =>
      tx.query('insert into sample.note (org_id, id, micros) values ($1, 7, $2) returning micros', [alpha, micros]),
    );
    expect(row).toEqual({ micros });
    await database.tenant(alpha, (tx) => tx.query('delete from sample.note where id = 7'));
  });

  it('writes nothing when its work throws', async () => {
    const work = async (tx: Tx): Promise<void> => {
      await tx.query('insert into sample.plain values (1)');
      throw new Error('changed my mind');
    };
    await expect(database.installation(work)).rejects.toThrow('changed my mind');
    expect(await testing.asSuper('select * from sample.plain where id = 1')).toEqual([]);
  });

  it('is no success when a statement failed and the failure was swallowed', async () => {
    const work = async (tx: Tx): Promise<string> => {
      await tx.query('insert into sample.plain values (2)');
      await tx.query('select 1 / 0').catch(() => undefined);
      return 'done';
    };
    await expect(database.installation(work)).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' });
    expect(await testing.asSuper('select * from sample.plain where id = 2')).toEqual([]);
  });

  it('takes no statement after its end, where it would run in the next one', async () => {
    const one = await testing.open({ max: 1 });
    let kept: Tx | undefined;
    await one.tenant(alpha, async (tx) => {
      kept = tx;
      await tx.query('select 1');
    });
    const peek = one.tenant(beta, async (tx) => {
      await expect(kept?.query('select org_id, id from sample.note')).rejects.toMatchObject({
        code: 'TRANSACTION_ENDED',
      });
      return notes(tx);
    });
    expect(await peek).toEqual([{ org_id: beta, id: 1 }]);
  });

  it('is committed with its last statement, and takes nothing after it', async () => {
    const one = await testing.open({ max: 1 });
    const rows = await one.installation(async (tx) => {
      await tx.query('insert into sample.plain values (11)');
      const last = tx.last('insert into sample.plain values (12) returning id');
      await expect(tx.query('insert into sample.plain values (13)')).rejects.toMatchObject({
        code: 'TRANSACTION_ENDED',
      });
      return last;
    });
    expect(rows).toEqual([{ id: 12 }]);
    expect(await testing.asSuper('select id from sample.plain where id in (11, 12, 13) order by id')).toEqual([
      { id: 11 },
      { id: 12 },
    ]);
  });

  it.each<[what: string, swallow: boolean, code: string]>([
    ['fails', false, '23505'],
    ['fails and the failure is swallowed', true, 'TRANSACTION_ENDED'],
  ])(
    'writes nothing when its last statement %s, and the connection serves the next one',
    async (_what, swallow, code) => {
      const one = await testing.open({ max: 1 });
      const work = async (tx: Tx): Promise<void> => {
        await tx.query('insert into sample.plain values (21)');
        const last = tx.last('insert into sample.plain values (21)');
        await (swallow ? last.catch(() => undefined) : last);
      };
      await expect(one.installation(work)).rejects.toMatchObject({ code });
      expect(await testing.asSuper('select id from sample.plain where id = 21')).toEqual([]);
      expect(await one.installation((tx) => tx.last('select 1 as one'))).toEqual([{ one: 1 }]);
    },
  );

  it('writes nothing when a statement before its last one failed unseen', async () => {
    const work = async (tx: Tx): Promise<unknown> => {
      const failing = tx.query('select 1 / 0').catch(() => undefined);
      const last = tx.last('insert into sample.plain values (31)');
      await failing;
      return last;
    };
    await expect(database.installation(work)).rejects.toMatchObject({ code: '25P02' });
    expect(await testing.asSuper('select id from sample.plain where id = 31')).toEqual([]);
  });

  it('refuses what goes on in one branch after another branch failed', async () => {
    const one = await testing.open({ max: 1 });
    let late: Promise<unknown> | undefined;
    const work = async (tx: Tx): Promise<void> => {
      late = tx
        .query('select pg_sleep(0.05)')
        .catch(() => undefined)
        .then(() => tx.query('insert into sample.plain values (3)'));
      await Promise.all([late, tx.query('select 1 / 0')]);
    };
    await expect(one.installation(work)).rejects.toMatchObject({ code: '22012' });
    await expect(late).rejects.toMatchObject({ code: expect.stringMatching(/TRANSACTION_ENDED|25P02/) });
    expect(await testing.asSuper('select * from sample.plain where id = 3')).toEqual([]);
  });
});

describe("the database's clock", () => {
  it("tells the database's time", async () => {
    const clock = await DatabaseClock.start(database);
    const read = async (): Promise<number> => {
      const [row] = await database.installation((tx) =>
        tx.query<{ readonly ms: number }>('select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms'),
      );
      return row?.ms ?? Number.NaN;
    };
    const [before, now, after] = [await read(), clock.now(), await read()];
    clock.stop();
    // a measurement counts with a round trip of up to 500 ms, of which half may be error
    expect(now).toBeGreaterThan(before - 250);
    expect(now).toBeLessThan(after + 250);
  });
});

describe('two thousand transactions at once, a third of which break', () => {
  it('show nobody the rows of another, whatever breaks', async () => {
    const eight = await testing.open({ max: 8 });
    const orgs = Array.from({ length: 50 }, () => anId());
    await Promise.all(
      orgs.map((org) =>
        eight.tenant(org, (tx) => tx.query('insert into sample.note (org_id, id) values ($1, 1)', [org])),
      ),
    );
    const outcomes = await Promise.allSettled(
      Array.from({ length: 2_000 }, (_, i) => {
        const org = orgs[i % orgs.length] ?? '';
        return eight.tenant(org, async (tx) => {
          const before = await notes(tx);
          if (i % 9 === 1) throw new Error('injected');
          if (i % 9 === 4) await tx.query('select 1 / 0');
          if (i % 9 === 7) await tx.query('select 1 / 0').catch(() => undefined);
          const after = i % 9 === 7 ? before : await notes(tx);
          return [...before, ...after].every((note) => note.org_id === org) && before.length === 1;
        });
      }),
    );
    const fulfilled = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    expect(fulfilled.filter((outcome) => !outcome.value)).toEqual([]);
    expect(fulfilled).toHaveLength(2_000 - 3 * 222 - 1);
  });
});

describe('a plan', () => {
  const joined =
    'select n.id from unnest($1::uuid[], $2::int[]) as w(org_id, id) join sample.note n using (org_id, id)';
  const planOf = async (tx: Tx): Promise<string> => {
    const values = [Array.from({ length: 200 }, () => alpha), Array.from({ length: 200 }, (_, i) => i)];
    const rows = await tx.query<{ readonly 'QUERY PLAN': string }>(`explain (costs off) ${joined}`, values);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  };

  it('finds rows by their index, however small the table looks', async () => {
    const plan = await database.tenant(alpha, planOf);
    expect(plan).toMatch(/Nested Loop/);
    expect(plan).toMatch(/Index (Only )?Scan using note_pkey/);
    expect(plan).not.toMatch(/Hash Join|Merge Join|Seq Scan|Bitmap/);
  });

  it('is the planner’s own where a transaction asks for that, and in the next one by index again', async () => {
    const one = await testing.open({ max: 1 });
    const free = await one.tenant(alpha, async (tx) => {
      await planFreely(tx);
      return planOf(tx);
    });
    expect(free).toMatch(/Hash Join|Merge Join|Seq Scan|Bitmap/);
    expect(await one.tenant(alpha, planOf)).not.toMatch(/Hash Join|Merge Join|Seq Scan|Bitmap/);
  });

  it('is made once for a statement that comes often', async () => {
    const one = await testing.open({ max: 1 });
    for (let i = 0; i < 12; i += 1) await one.tenant(alpha, (tx) => tx.query(joined, [[alpha], [1]]));
    const [made] = await one.tenant(alpha, (tx) =>
      tx.query<{ readonly generic: bigint; readonly custom: bigint }>(
        'select generic_plans as generic, custom_plans as custom from pg_prepared_statements where statement = $1',
        [joined],
      ),
    );
    expect(made).toEqual({ generic: 12n, custom: 0n });
  });
});

describe('arrays in binary', () => {
  it('arrive as they were given', async () => {
    const values = [{ text: 'a "quoted" \\ back\u001eslash\u0000, {braces}, é 漢 🙂' }, [1, null], {}];
    const ids = [alpha, null, beta.toUpperCase()];
    const rows = await database.installation((tx) =>
      tx.query<{ readonly id: string | null; readonly value: object }>(
        'select id, value from unnest($1::uuid[], $2::json[]) with ordinality as w(id, value, n) order by n',
        [uuidArray(ids), jsonArray(values)],
      ),
    );
    expect(rows.map(({ value }) => value)).toEqual(values);
    expect(rows.map(({ id }) => id)).toEqual([alpha, null, beta]);
    const none = 'select count(*)::int as n from unnest($1::uuid[], $2::json[])';
    expect(await database.installation((tx) => tx.query(none, [uuidArray([]), jsonArray([])]))).toEqual([{ n: 0 }]);
  });
});
