import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ORG_PARTITIONS, TASK_PARTITIONS } from './limits.js';
import { fnv1a32, laneOf, orgPartition, taskPartition } from './partition.js';

describe('partitions', () => {
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('hash %p as FNV-1a does', (text, hash) => {
    expect(fnv1a32(text)).toBe(hash);
  });

  it('hash the bytes of UTF-8, whatever the text is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.uuid()), (text) => {
        const hash = [...Buffer.from(text, 'utf8')].reduce((h, byte) => Math.imul(h ^ byte, 0x01000193), 0x811c9dc5);
        expect(fnv1a32(text)).toBe(hash >>> 0);
      }),
    );
  });

  it('stay within their number for every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const [task, org] = [taskPartition(text), orgPartition(text)];
        return task >= 0 && task < TASK_PARTITIONS && org >= 0 && org < ORG_PARTITIONS;
      }),
    );
  });

  it('share task ids out: no partition of 64 holds twice its part of 6,400', () => {
    const held = new Array<number>(TASK_PARTITIONS).fill(0);
    for (const id of fc.sample(fc.uuid({ version: 7 }), { numRuns: 6_400, seed: 1 }))
      held[taskPartition(id)] = (held[taskPartition(id)] ?? 0) + 1;
    expect(Math.max(...held)).toBeLessThan(200);
    expect(Math.min(...held)).toBeGreaterThan(0);
  });

  it('make lanes: one lane holds whole partitions, a single lane everything', () => {
    fc.assert(
      fc.property(fc.uuid({ version: 7 }), fc.constantFrom(1, 2, 4, 8, 16, 32, 64), (task, lanes) => {
        expect(laneOf(task, lanes)).toBe(taskPartition(task) % lanes);
        expect(laneOf(task, 1)).toBe(0);
      }),
    );
  });
});
