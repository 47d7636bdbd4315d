import { expect, it } from '@jest/globals';
import type { Random } from '@countersign/primitives';
import { reconnectWait } from './link.js';

const random = (byte: number): Random => ({ bytes: (count) => Buffer.alloc(count, byte) });

it('waits longer after every failed try, never longer than 10 s', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 50].map((tries) => reconnectWait(tries, random(0)));
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
  expect(reconnectWait(50, random(255))).toBeLessThanOrEqual(10_000);
});

it('spreads a fleet over half of the wait', () => {
  expect(reconnectWait(4, random(128)) - reconnectWait(4, random(0))).toBe(1000);
});
