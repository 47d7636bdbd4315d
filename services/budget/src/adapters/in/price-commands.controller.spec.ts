import { describe, expect, it } from '@jest/globals';
import type { PriceEntry } from '@countersign/contracts';
import { anId } from '@countersign/testing';
import type { PriceBookPublisher } from '../out/price-book.publisher.js';
import { PriceBookStore } from '../out/price-book.store.js';
import { PriceCommands } from './price-commands.controller.js';

const RATES = { inputMicrosPerMtok: '1', outputMicrosPerMtok: '1', cachedInputMicrosPerMtok: '1', requestMicros: '0' };
const many = (count: number): PriceEntry[] =>
  Array.from({ length: count }, (_, i) => ({ kind: 'model', name: `m${i}`, tierMinTokens: 0, ...RATES }));

/** The store over a book of one price that takes whatever it is given. */
const row = { version: 1n, currency: 'USD', entries: many(1), at: new Date(0) };
const tx = { query: async (): Promise<readonly object[]> => [row] };
const database = { installation: async (work: (with_: typeof tx) => Promise<unknown>) => work(tx) };
const commands = new PriceCommands(
  new PriceBookStore(database as unknown as ConstructorParameters<typeof PriceBookStore>[0]),
  { now: async () => undefined } as unknown as PriceBookPublisher,
);

describe('prices that an owner puts', () => {
  it('are refused beyond 100, with the field and both numbers', async () => {
    const actor = { kind: 'person', id: anId() } as const;
    await expect(
      commands.pricesOverride({ org: anId(), entries: many(101) }, { actor } as unknown as Parameters<
        typeof commands.pricesOverride
      >[1]),
    ).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      field: 'entries',
      message: 'an organisation has room for 100 prices of its own, these are 101',
    });
  });
});
