import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pricesFor, type PriceEntry } from '@countersign/contracts';
import { anId, testDatabase, type TestDatabase } from '@countersign/testing';
import { budgetMigrations } from '../../migrations/index.js';
import { PriceBookStore } from './price-book.store.js';

const price = (name: string, input: string): PriceEntry => ({
  kind: 'model',
  name,
  tierMinTokens: 0,
  inputMicrosPerMtok: input,
  outputMicrosPerMtok: '0',
  cachedInputMicrosPerMtok: '0',
  requestMicros: '0',
});

let database: TestDatabase;
let store: PriceBookStore;
const org = anId();

beforeEach(async () => {
  await database?.drop();
  database = await testDatabase('budget', budgetMigrations);
  store = new PriceBookStore(await database.open());
});
afterAll(() => database.drop());

describe('price books', () => {
  it('are versions that never change; each change is the next one, for everybody who writes at once', async () => {
    const versions = await Promise.all(['1', '2', '3'].map((input) => store.put('USD', [price('m', input)], 'o')));
    expect([...versions].sort()).toEqual([1, 2, 3]);
    const books = await store.all();
    expect(books.map(({ version }) => version)).toEqual([3, 2, 1]);
    const change = "update budget.price_book set currency = 'EUR'";
    await expect((await database.open()).installation((tx) => tx.query(change))).rejects.toThrow();
  });

  it("keep an organisation's own prices when the installation's change, and the other way round", async () => {
    await store.put('USD', [price('a', '1'), price('b', '2')], 'o');
    await store.override(org, [price('a', '9')], 'o');
    await store.put('USD', [price('a', '3'), price('b', '4')], 'o');
    const [book] = await store.all();
    if (book === undefined) throw new Error('no book');
    const inputs = (of: string): readonly string[] => pricesFor(book, of).entries.map((e) => e.inputMicrosPerMtok);
    expect([[...inputs(org)].sort(), inputs(anId())]).toEqual([
      ['4', '9'],
      ['3', '4'],
    ]);
    await store.override(org, [], 'o');
    const [last] = await store.all();
    expect(last?.entries.every((entry) => entry.org === undefined)).toBe(true);
  });

  const many = (count: number): readonly PriceEntry[] => Array.from({ length: count }, (_, i) => price(`m${i}`, '1'));

  it('have no own prices before there is a book, and no room for more than 2000', async () => {
    await expect(store.override(org, [price('a', '1')], 'o')).rejects.toMatchObject({ code: 'PRICES_REFUSED' });
    await store.put('USD', many(1_950), 'o');
    await expect(store.override(org, many(51), 'o')).rejects.toThrow(/room for 2000 prices, this would be 2001/);
  });

  it('leave one organisation 100 of its own, so that none takes the room of the others', async () => {
    await store.put('USD', [price('a', '1')], 'o');
    await store.override(org, many(100), 'o');
    await expect(store.override(org, many(101), 'o')).rejects.toMatchObject({
      code: 'PRICES_REFUSED',
      message: 'an organisation has room for 100 prices of its own, these are 101',
    });
    const other = anId();
    await store.override(other, many(100), 'o');
    const [book] = await store.all();
    const ownersOf = (of: string): number => (book?.entries ?? []).filter((entry) => entry.org === of).length;
    expect([ownersOf(org), ownersOf(other), book?.entries.length]).toEqual([100, 100, 201]);
  });
});
