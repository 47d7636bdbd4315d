import { describe, expect, it } from '@jest/globals';
import { formatDigest, sha256 } from '@countersign/primitives';
import type { Head } from './entry-values.js';
import { RememberedHeads } from './remembered-heads.js';

const headOf = (size: number, text = ''): Head => ({ size, last: formatDigest(sha256(`${size}${text}`)) });
const NONE = new Map<string, Head>();
const of = (head: Head): ReadonlyMap<string, Head> => new Map([['org', head]]);

/** Heads of a chain that was appended to twice with nobody in between. */
function alone(): RememberedHeads {
  const heads = new RememberedHeads();
  heads.left(of(headOf(1)), NONE);
  heads.left(of(headOf(2)), of(headOf(1)));
  return heads;
}

describe('a remembered head', () => {
  it('is read until it was found as it was left', () => {
    const heads = new RememberedHeads();
    expect(heads.of(['org'])).toEqual(NONE);
    heads.left(of(headOf(1)), NONE);
    expect(heads.of(['org'])).toEqual(NONE);
    heads.left(of(headOf(2)), of(headOf(1)));
    expect(heads.of(['org', 'other'])).toEqual(of(headOf(2)));
  });

  it('is followed for as long as appends succeed', () => {
    const heads = alone();
    heads.left(of(headOf(3)), NONE);
    expect(heads.of(['org'])).toEqual(of(headOf(3)));
  });

  it.each([
    ['longer', headOf(7)],
    ['as long with another entry at its end', headOf(2, 'theirs')],
  ])('is read again when the chain was found %s', (_what, found) => {
    const heads = alone();
    heads.left(of(headOf(8)), of(found));
    expect(heads.of(['org'])).toEqual(NONE);
  });

  it('is read twice again after an append that failed', () => {
    const heads = alone();
    heads.forget(['org']);
    expect(heads.of(['org'])).toEqual(NONE);
    heads.left(of(headOf(3)), of(headOf(2)));
    expect(heads.of(['org'])).toEqual(NONE);
    heads.left(of(headOf(4)), of(headOf(3)));
    expect(heads.of(['org'])).toEqual(of(headOf(4)));
  });

  it('is of the same run of appends for as long as it is found as it was left', () => {
    const heads = alone();
    const run = heads.runOf('org');
    heads.left(of(headOf(3)), NONE);
    heads.left(of(headOf(4)), of(headOf(3)));
    expect([run === undefined, heads.runOf('org')]).toEqual([false, run]);
    heads.left(of(headOf(9)), of(headOf(8)));
    expect(heads.runOf('org')).not.toBe(run);
    heads.forget(['org']);
    expect(heads.runOf('org')).toBeUndefined();
  });

  it('is one of a bounded number', () => {
    const heads = alone();
    for (let i = 0; i < 10_000; i += 1) heads.left(new Map([[`org ${i}`, headOf(1)]]), NONE);
    expect(heads.of(['org'])).toEqual(NONE);
  });
});
