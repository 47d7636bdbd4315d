import { describe, expect, it } from '@jest/globals';
import type { PriceEntry } from '@countersign/contracts';
import { priceProblem } from './price-book.js';

const entry = (parts: Partial<PriceEntry>): PriceEntry => ({
  kind: 'model',
  tierMinTokens: 0,
  inputMicrosPerMtok: '1',
  outputMicrosPerMtok: '1',
  cachedInputMicrosPerMtok: '1',
  requestMicros: '0',
  ...parts,
});

describe('prices as somebody wrote them', () => {
  it.each<readonly [string, readonly PriceEntry[], string | undefined]>([
    [
      'are right with a name for models and tools and none for a request',
      [entry({ name: 'm' }), entry({ kind: 'tool', name: 'm' }), entry({ kind: 'request' })],
      undefined,
    ],
    ['need the name of a model', [entry({})], 'entries.0.name'],
    ['need the name of a tool', [entry({ name: 'm' }), entry({ kind: 'tool' })], 'entries.1.name'],
    ['have no name for a request', [entry({ kind: 'request', name: 'm' })], 'entries.0.name'],
    ['may have tiers', [entry({ name: 'm' }), entry({ name: 'm', tierMinTokens: 1000 })], undefined],
    ['have each tier once', [entry({ name: 'm' }), entry({ name: 'm' })], 'entries.1'],
  ])('%s', (_name, entries, field) => {
    expect(priceProblem(entries)?.field).toBe(field);
  });
});
