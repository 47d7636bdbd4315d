import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { commandLogTable, outboxTable, systemAccess, tenantTable } from '@countersign/store';
import { testDatabase, type TestDatabase } from './database.js';
import { schemaAudit } from './schema-audit.js';

jest.setTimeout(60_000);

const GOOD = [
  'create table audited.parent (org_id uuid not null, id int not null, held_micros bigint, primary key (org_id, id))',
  ...tenantTable('audited', 'parent'),
  ...systemAccess('audited', 'parent', 'select'),
  `create table audited.child (org_id uuid not null, id int not null, parent int, primary key (org_id, id),
     foreign key (org_id, parent) references audited.parent)`,
  ...tenantTable('audited', 'child'),
  'create view audited.both with (security_invoker = true) as select * from audited.parent',
  ...outboxTable('audited'),
  ...commandLogTable('audited'),
];
const policies = (table: string): string[] => tenantTable('audited', table);

const opened: TestDatabase[] = [];
afterEach(async () => {
  for (const database of opened.splice(0)) await database.drop();
});

const auditOf = async (...statements: readonly string[]): Promise<readonly string[]> => {
  const database = await testDatabase('audited', [{ name: '202601010000-a', statements: [...GOOD, ...statements] }]);
  opened.push(database);
  return schemaAudit(database.superUrl, 'audited');
};

const CASES: readonly (readonly [finding: RegExp, statements: readonly string[]])[] = [
  [/bare: a table with org_id has forced row-level security/, ['create table audited.bare (org_id uuid not null)']],
  [/parent: a table with org_id has forced/, ['alter table audited.parent no force row level security']],
  [/parent: .*a policy for the service/, ['drop policy tenant on audited.parent']],
  [
    /parent\.all: a policy of the service/,
    ['create policy "all" on audited.parent for select to audited_app using (true)'],
  ],
  [/parent\.everybody: a policy of the service/, ['create policy everybody on audited.parent using (true)']],
  [/loose: a column org_id is a uuid and not null/, ['create table audited.loose (org_id uuid)', ...policies('loose')]],
  [
    /named_pkey: a unique key/,
    ['create table audited.named (org_id uuid not null, id int primary key)', ...policies('named')],
  ],
  [
    /stray_parent_fkey: a foreign key between/,
    [
      'create unique index wide on audited.parent (id)',
      `create table audited.stray (org_id uuid not null, id int, parent int references audited.parent (id), primary key (org_id, id))`,
      ...policies('stray'),
    ],
  ],
  [/leaky: a view runs/, ['create view audited.leaky as select * from audited.parent']],
  [/frozen: there is no materialised view/, ['create materialized view audited.frozen as select 1 as one']],
  [/parent: nothing is granted/, ['grant select on audited.parent to public']],
  [/audited: the schema is open/, ['grant usage on schema audited to public']],
  [
    /part_1: a partition is reached/,
    [
      'create table audited.part (org_id uuid not null, id int not null, primary key (org_id, id)) partition by range (id)',
      ...policies('part'),
      'create table audited.part_1 partition of audited.part for values from (1) to (2)',
      'grant select on audited.part_1 to audited_app',
    ],
  ],
  [
    /powerful: what runs with the rights/,
    ["create function audited.powerful() returns int language sql security definer as 'select 1'"],
  ],
  [/price\.cost_micros: money/, ['create table audited.price (cost_micros numeric)']],
];

describe('the audit of a schema', () => {
  it('finds nothing in one that keeps to the rules', async () => {
    expect(await auditOf()).toEqual([]);
  });

  it.each(CASES)('finds %s', async (finding, statements) => {
    expect((await auditOf(...statements)).filter((line) => finding.test(line))).toHaveLength(1);
  });

  it('leaves out what has a reason', async () => {
    await auditOf('create unique index anywhere on audited.parent (id)');
    const url = opened[0]?.superUrl ?? '';
    expect(await schemaAudit(url, 'audited')).toHaveLength(1);
    expect(await schemaAudit(url, 'audited', { except: ['anywhere'] })).toEqual([]);
  });
});
