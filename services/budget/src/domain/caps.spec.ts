import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { followCaps, lowestCap, type Caps, type KnownCaps } from './caps.js';

const NOTHING: KnownCaps = { policy: undefined, surface: undefined };
const told = (policy: number, micros: bigint | undefined, surface?: number, ofSurface?: bigint): Caps => ({
  policy: { version: policy, micros },
  ...(surface === undefined ? {} : { surface: { version: surface, micros: ofSurface } }),
});
const after = (...all: readonly Caps[]): bigint | undefined => lowestCap(all.reduce(followCaps, NOTHING));

describe('the cap of a budget', () => {
  it.each<readonly [string, readonly Caps[], bigint | undefined]>([
    ['is none where no record sets one', [told(0, undefined)], undefined],
    ['is that of the newest policy', [told(1, 5n), told(2, 9n)], 9n],
    ['does not go back to an older policy', [told(2, 9n), told(1, 5n)], 9n],
    ['is taken away by a newer policy', [told(1, 5n), told(2, undefined)], undefined],
    ['is the lower of policy and surface', [told(1, 5n, 1, 4n)], 4n],
    ['is the one that is set', [told(1, undefined, 1, 4n)], 4n],
    ['takes the newest of each, though no replica has seen both', [told(2, 9n, 1, 3n), told(1, 1n, 2, 8n)], 8n],
  ])('%s', (_name, all, is) => {
    expect(after(...all)).toBe(is);
  });

  it('is the same in whatever order replicas tell of it', () => {
    const one = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }));
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 8 }), (versions) => {
        const all = versions.map(([p, s]) => told(p, BigInt((p * 7) % 10), s, BigInt((s * 3) % 10)));
        expect(after(...all)).toBe(after(...all.toReversed()));
      }),
    );
  });
});
