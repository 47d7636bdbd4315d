import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { merkleLeaf } from '@countersign/primitives';
import type { Database, Tx } from '@countersign/store';
import { anId, testDatabase, type TestDatabase } from '@countersign/testing';
import { auditMigrations } from './index.js';

let testing: TestDatabase;
let database: Database;

beforeAll(async () => {
  testing = await testDatabase('audit', auditMigrations);
  database = await testing.open();
});
afterAll(() => testing.drop());

const FIRST = Buffer.alloc(32);

interface Append {
  readonly as?: string;
  readonly size?: number;
  readonly last?: Buffer;
  readonly headers?: readonly Buffer[];
  readonly leaves?: readonly Buffer[];
  readonly events?: readonly string[];
}

type Form = 'arrays' | 'packed' | 'set';

/** One call of append() by the service for an organisation, in a transaction that is open for `as`. */
async function appendAs(form: Form, org: string, parts: Append = {}): Promise<void> {
  const headers = parts.headers ?? [Buffer.from(anId())];
  const events = (parts.events ?? headers.map(() => anId())).map((eventId) => ({
    ...{ eventId, type: 'submitted', agent: anId(), task: anId(), attempt: 1, round: 1, digest: null },
    at: '2026-11-24T10:00:00.000Z',
  }));
  const { as = org, size = 0, last = FIRST, leaves = headers.map((header) => merkleLeaf(header)) } = parts;
  const common = [org, size, last];
  const places = headers.map((_, i) => placeOf(headers, i));
  const [packed, packedLeaves] = [Buffer.concat(headers), Buffer.concat(leaves)];
  const columns = ['eventId', 'type', 'agent', 'task', 'attempt', 'round', 'digest', 'at'] as const;
  await database.tenant(as, async (tx) => {
    switch (form) {
      case 'arrays':
        return tx.query('select audit.append($1, $2, $3, $4, $5::bytea[], $6::bytea[])', [
          ...common,
          JSON.stringify(events),
          headers,
          leaves,
        ]);
      case 'packed':
        return tx.query("select audit.append($1, $2, $3, $4, $5::bytea, $6::bytea, '[]', ''::bytea)", [
          ...common,
          JSON.stringify(events.map((event, i) => ({ ...event, ...places[i] }))),
          packed,
          packedLeaves,
        ]);
      case 'set':
        return appendSet(tx, [
          ...[...common, packed, packedLeaves, places.map(({ from }) => from), places.map(({ length }) => length)],
          ...columns.map((column) => events.map((event) => event[column])),
          ...[Buffer.alloc(0), [], [], [], [], []],
        ]);
    }
  });
}

const appendSet = (tx: Tx, params: readonly unknown[]): Promise<unknown> =>
  tx.query(`select audit.append(${params.map((_, i) => `$${i + 1}`).join(', ')})`, params);

const placeOf = (headers: readonly Buffer[], i: number): { readonly from: number; readonly length: number } => ({
  from: Buffer.concat(headers.slice(0, i)).length + 1,
  length: headers[i]?.length ?? 0,
});

const stored = async (org: string): Promise<number> =>
  (await testing.asSuper('select 1 from audit.entry where org_id = $1', [org])).length;

describe.each<[how: string, form: Form]>([
  ['with arrays, as older replicas call it', 'arrays'],
  ['with packed values and JSON, as older replicas call it', 'packed'],
  ['with a set of packed values', 'set'],
])('append() %s', (_how, form) => {
  const append = (org: string, parts: Append = {}): Promise<void> => appendAs(form, org, parts);

  it('takes what follows the head', async () => {
    const org = anId();
    const headers = [Buffer.from('a'), Buffer.from('b')];
    await append(org, { headers });
    await append(org, { size: 2, last: merkleLeaf(Buffer.from('b')) });
    expect(await stored(org)).toBe(3);
  });

  it.each<readonly [what: string, parts: Append, refusal: RegExp]>([
    ['a position that is taken', { size: 0 }, /head of the chain has moved/],
    ['a gap', { size: 2, last: merkleLeaf(Buffer.from('one')) }, /head of the chain has moved/],
    ['another leaf before it', { size: 1, last: merkleLeaf(Buffer.from('two')) }, /head of the chain has moved/],
    ['a negative position', { size: -1 }, /head of the chain has moved/],
    [
      'a leaf that is not the hash of its header',
      { size: 1, last: merkleLeaf(Buffer.from('one')), leaves: [merkleLeaf(Buffer.from('other'))] },
      /check constraint/,
    ],
    ['nothing', { size: 1, last: merkleLeaf(Buffer.from('one')), headers: [], leaves: [] }, /differ in number|null/],
    [
      'fewer leaves than headers',
      { size: 1, last: merkleLeaf(Buffer.from('one')), headers: [Buffer.from('x'), Buffer.from('y')], leaves: [FIRST] },
      /differ in number/,
    ],
    [
      'a transaction of another organisation',
      { size: 1, last: merkleLeaf(Buffer.from('one')), as: anId() },
      /row-level|moved/,
    ],
  ])('refuses %s, and leaves everything as it was', async (_what, parts, refusal) => {
    const org = anId();
    await append(org, { headers: [Buffer.from('one')] });
    await expect(append(org, parts)).rejects.toThrow(refusal);
    expect(await stored(org)).toBe(1);
    await append(org, { size: 1, last: merkleLeaf(Buffer.from('one')) });
    expect(await stored(org)).toBe(2);
  });

  it('refuses the first entry of an organisation that the transaction is not open for', async () => {
    const org = anId();
    await expect(append(org, { as: anId() })).rejects.toThrow(/row-level/);
    expect(await stored(org)).toBe(0);
  });

  it('refuses an event that is there already', async () => {
    const [org, event] = [anId(), anId()];
    const header = Buffer.from('one');
    await append(org, { headers: [header], events: [event] });
    await expect(append(org, { size: 1, last: merkleLeaf(header), events: [event] })).rejects.toThrow(/duplicate key/);
    expect(await stored(org)).toBe(1);
  });
});

/** The parameters of an append of one entry and one payload, with some of them replaced. */
function oneOfEach(org: string, changed: Readonly<Record<number, unknown>> = {}): readonly unknown[] {
  const header = Buffer.from(anId());
  const entry = [[1], [header.length], [anId()], ['submitted'], [anId()], [anId()], [1], [1], [null]];
  const payload = [Buffer.from('sealed'), [0], [202611], ['submission'], [1], [6]];
  const whole = [org, 0, FIRST, header, merkleLeaf(header), ...entry, ['2026-11-24T10:00:00.000Z'], ...payload];
  return whole.map((value, i) => (i in changed ? changed[i] : value));
}

describe('append() of a set', () => {
  beforeAll(async () => {
    await database.installation((tx) => tx.query('select audit.open_epoch(202611)'));
  });

  it('writes entries and payloads with every column as it was given', async () => {
    const org = anId();
    const params = oneOfEach(org);
    await database.tenant(org, (tx) => appendSet(tx, params));
    const [row] = await testing.asSuper<Record<string, unknown>>(
      'select e.*, p.kind, p.epoch, p.sealed, h.size, h.last_hash from audit.entry e join audit.payload p using (org_id, position) join audit.head h using (org_id) where org_id = $1',
      [org],
    );
    const [, , , header, leaf, , , [event] = [], , [agent] = [], [task] = []] = params as readonly string[][];
    expect(row).toMatchObject({
      ...{ position: '0', header, leaf, event_id: event, type: 'submitted', agent_id: agent, task_id: task },
      ...{ attempt: 1, round: 1, digest: null, at: new Date('2026-11-24T10:00:00.000Z') },
      ...{ kind: 'submission', epoch: 202611, sealed: Buffer.from('sealed'), size: '1', last_hash: leaf },
    });
  });

  const columns = [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20];
  it.each(columns.flatMap((at) => [[at, 'one value too few'] as const, [at, 'none at all'] as const]))(
    'refuses a column (%s) with %s',
    async (at, what) => {
      const org = anId();
      const params = oneOfEach(org, { [at]: what === 'none at all' ? null : [] });
      await expect(database.tenant(org, (tx) => appendSet(tx, params))).rejects.toMatchObject({ code: '22023' });
      expect(await stored(org)).toBe(0);
    },
  );

  it('refuses payloads that are sealed with a key that was erased', async () => {
    const org = anId();
    await testing.asSuper(
      'insert into audit.payload_key (org_id, epoch, wrapped, erased_at) values ($1, 202611, null, clock_timestamp())',
      [org],
    );
    await expect(database.tenant(org, (tx) => appendSet(tx, oneOfEach(org)))).rejects.toMatchObject({ code: 'AU001' });
    expect(await stored(org)).toBe(0);
  });

  it('keeps no payload of an entry that is not in the set', async () => {
    const org = anId();
    await database.tenant(org, (tx) => appendSet(tx, oneOfEach(org, { 16: [1] })));
    expect(await stored(org)).toBe(1);
    expect(await testing.asSuper('select 1 from audit.payload where org_id = $1', [org])).toEqual([]);
  });
});
