import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { merkleLeaf } from '@countersign/primitives';
import type { Database } from '@countersign/store';
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

type Form = 'arrays' | 'packed';

/** One call of append() by the service for an organisation, in a transaction that is open for `as`. */
async function appendAs(form: Form, org: string, parts: Append = {}): Promise<void> {
  const headers = parts.headers ?? [Buffer.from(anId())];
  const events = (parts.events ?? headers.map(() => anId())).map((eventId) => ({
    ...{ eventId, type: 'submitted', agent: anId(), task: anId(), attempt: 1, round: 1, digest: null },
    at: '2026-11-24T10:00:00.000Z',
  }));
  const { as = org, size = 0, last = FIRST, leaves = headers.map((header) => merkleLeaf(header)) } = parts;
  const common = [org, size, last];
  await database.tenant(as, (tx) =>
    form === 'arrays'
      ? tx.query('select audit.append($1, $2, $3, $4, $5::bytea[], $6::bytea[])', [
          ...common,
          JSON.stringify(events),
          headers,
          leaves,
        ])
      : tx.query("select audit.append($1, $2, $3, $4, $5::bytea, $6::bytea, '[]', ''::bytea)", [
          ...common,
          JSON.stringify(events.map((event, i) => ({ ...event, ...placeOf(headers, i) }))),
          Buffer.concat(headers),
          Buffer.concat(leaves),
        ]),
  );
}

const placeOf = (headers: readonly Buffer[], i: number): object => ({
  from: Buffer.concat(headers.slice(0, i)).length + 1,
  length: headers[i]?.length ?? 0,
});

const stored = async (org: string): Promise<number> =>
  (await testing.asSuper('select 1 from audit.entry where org_id = $1', [org])).length;

describe.each<[how: string, form: Form]>([
  ['with arrays, as older replicas call it', 'arrays'],
  ['with packed values', 'packed'],
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
