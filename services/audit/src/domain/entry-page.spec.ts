import { expect, it } from '@jest/globals';
import type { ExportedPayload } from '@countersign/contracts';
import type { StoredEntry } from '@countersign/record';
import { pageOf } from './entry-page.js';

const entry = (position: number, header = '{"a":"b"}'): StoredEntry => ({
  position,
  leaf: `sha256:${'1'.repeat(64)}`,
  header,
});
const payload = (bytes: number): ExportedPayload => ({ state: 'open', salt: 'A'.repeat(43), bytes: 'A'.repeat(bytes) });
const MESSAGE = 1_048_576;

it('a page of an export fits into a message, however its headers are quoted', () => {
  const entries = Array.from({ length: 500 }, (_, i) => entry(i, `{"k":${'"'.repeat(20_000)}}`));
  const page = pageOf(entries, new Map());
  expect(page.length).toBeGreaterThan(1);
  expect(JSON.stringify(page).length).toBeLessThan(MESSAGE);
});

it('a page with the largest payloads holds at least one, and never more than fits', () => {
  const entries = [entry(0), entry(1), entry(2)];
  const payloads = new Map(entries.map(({ position }) => [position, payload(360_000)]));
  const page = pageOf(entries, payloads);
  expect(page.map(({ position }) => position)).toEqual([0, 1]);
  expect(JSON.stringify(page).length).toBeLessThan(MESSAGE);
  expect(pageOf([entry(0)], new Map([[0, payload(900_000)]]))).toHaveLength(1);
});

it('a page is the first entries in order, with the payloads that there are', () => {
  const page = pageOf([entry(3), entry(4)], new Map([[4, { state: 'pruned' } as const]]));
  expect(page).toEqual([entry(3), { ...entry(4), payload: { state: 'pruned' } }]);
});
