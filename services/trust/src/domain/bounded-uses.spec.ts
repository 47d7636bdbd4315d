import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BoundedUses, MOST_USES } from './bounded-uses.js';
import type { NotedUse } from './least-privilege.js';

const use = (entry: string, at: number, declared = false): NotedUse => ({ kind: 'models', entry, at, declared });

describe('uses of an agent', () => {
  it('are the same whatever order they come in, and however often', () => {
    const uses = Array.from({ length: MOST_USES + 40 }, (_, i) => use(`m${i}`, i >> 2, i % 50 === 0));
    const expected = [...uses.filter(({ declared }) => declared), ...uses.filter(({ declared }) => !declared)];
    const told = expected
      .filter(({ declared }) => !declared)
      .sort((a, b) => b.at - a.at || (a.entry < b.entry ? -1 : 1))
      .slice(0, MOST_USES);
    const wanted = new Set([...uses.filter(({ declared }) => declared), ...told].map(({ entry }) => entry));
    fc.assert(
      fc.property(fc.shuffledSubarray(uses, { minLength: uses.length }), (shuffled) => {
        const kept = new BoundedUses();
        for (const one of [...shuffled, ...shuffled.slice(0, 30)]) kept.take(one);
        expect(new Set(kept.all.map(({ entry }) => entry))).toEqual(wanted);
      }),
      { numRuns: 20 },
    );
  });

  it('tell of a change only where something is kept that was not', () => {
    const kept = new BoundedUses();
    expect(kept.take(use('a', 5))).toBe(true);
    expect(kept.take(use('a', 5))).toBe(false);
    expect(kept.take(use('a', 4))).toBe(false);
    expect(kept.take(use('a', 6))).toBe(true);
    for (let i = 0; i < MOST_USES; i += 1) kept.take(use(`m${i}`, 10));
    expect(kept.all.some(({ entry }) => entry === 'a')).toBe(false);
    expect(kept.take(use('b', 1))).toBe(false);
    expect(kept.take(use('b', 1, true))).toBe(true);
  });
});
