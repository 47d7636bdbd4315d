import { describe, expect, it } from '@jest/globals';
import { canonicalJson, formatDigest, merkleLeaf, merkleRoot } from '@countersign/primitives';
import { aTaskKey, anId } from '@countersign/testing';
import { ChainWalker, GENESIS, type BrokenEntry, type StoredEntry } from '@countersign/record';
import { headerBytes } from './entry-draft.js';
import { submissionDraft } from './entry-header.js';

const ORG = anId();

/** A chain of so many submissions, as audit writes it. */
function chainOf(size: number, org = ORG): readonly StoredEntry[] {
  const entries: StoredEntry[] = [];
  for (let position = 0; position < size; position += 1) {
    const draft = submissionDraft({
      key: aTaskKey({ org }),
      attempt: 1,
      round: 1,
      at: 1_000 + position,
      digest: `sha256:${'1'.repeat(64)}`,
      valid: true,
      body: Buffer.from('{}'),
    });
    const payload = { kind: 'submission', epoch: '1970-01', commitment: `sha256:${'2'.repeat(64)}` } as const;
    const header = headerBytes(draft, { position, prev: entries.at(-1)?.leaf ?? GENESIS }, payload).toString();
    entries.push({ position, leaf: formatDigest(merkleLeaf(header)), header });
  }
  return entries;
}

function walk(
  entries: readonly StoredEntry[],
  org = ORG,
): { readonly walker: ChainWalker; readonly broken: BrokenEntry | undefined } {
  const walker = new ChainWalker(org);
  for (const entry of entries) {
    const broken = walker.step(entry);
    if (broken !== undefined) return { walker, broken };
  }
  return { walker, broken: undefined };
}

const rehashed = (entry: StoredEntry, change: object): StoredEntry => {
  const header = canonicalJson({ ...(JSON.parse(entry.header) as object), ...change });
  return { ...entry, header, leaf: formatDigest(merkleLeaf(Buffer.from(header))) };
};
const at = (entries: readonly StoredEntry[], i: number): StoredEntry => entries[i] as StoredEntry;

describe('a chain', () => {
  it.each([0, 1, 2, 3, 7, 8, 33])('of %i entries verifies, with the Merkle root over its leaves', (size) => {
    const entries = chainOf(size);
    const { walker, broken } = walk(entries);
    expect(broken).toBeUndefined();
    expect(walker.size).toBe(size);
    const leaves = entries.map(({ header }) => merkleLeaf(Buffer.from(header)));
    expect(walker.root()).toBe(size === 0 ? undefined : formatDigest(merkleRoot(leaves)));
  });

  const good = chainOf(6);
  const TAMPERINGS: readonly (readonly [
    what: string,
    entries: readonly StoredEntry[],
    position: number,
    problem: RegExp,
  ])[] = [
    [
      'a changed header',
      good.with(3, { ...at(good, 3), header: at(good, 3).header.replace('"valid":true', '"valid":false') }),
      3,
      /hash/,
    ],
    [
      'a changed header with its leaf made again',
      good.with(3, rehashed(at(good, 3), { valid: false })),
      4,
      /leaf before/,
    ],
    [
      'a changed payload commitment with its leaf made again',
      good.with(2, rehashed(at(good, 2), { payload: `sha256:${'3'.repeat(64)}` })),
      3,
      /leaf before/,
    ],
    ['an entry taken out', good.toSpliced(2, 1), 2, /missing/],
    [
      'an entry taken out and the rest moved up',
      [
        ...good.slice(0, 2),
        ...good.slice(3).map((e) => rehashed({ ...e, position: e.position - 1 }, { seq: e.position - 1 })),
      ],
      2,
      /leaf before/,
    ],
    [
      'two entries swapped',
      good.with(2, { ...at(good, 3), position: 2 }).with(3, { ...at(good, 2), position: 3 }),
      2,
      /another position/,
    ],
    [
      'an entry of another organisation put in',
      good.with(2, { ...at(chainOf(3, anId()), 2) }),
      2,
      /another organisation/,
    ],
    ['an entry put in twice', good.toSpliced(3, 0, at(good, 2)), 3, /missing/],
    ['a chain that begins later', good.slice(1), 0, /missing/],
    [
      'a header with white space',
      good.with(1, {
        ...at(good, 1),
        header: `${at(good, 1).header} `,
        leaf: formatDigest(merkleLeaf(Buffer.from(`${at(good, 1).header} `))),
      }),
      1,
      /canonical/,
    ],
    [
      'a header with a number that has no canonical form',
      good.with(1, {
        ...at(good, 1),
        header: at(good, 1).header.replace('"attempt":1', '"attempt":1.5'),
        leaf: formatDigest(merkleLeaf(Buffer.from(at(good, 1).header.replace('"attempt":1', '"attempt":1.5')))),
      }),
      1,
      /canonical/,
    ],
    [
      'a header that is no JSON',
      good.with(1, { ...at(good, 1), header: 'no', leaf: formatDigest(merkleLeaf(Buffer.from('no'))) }),
      1,
      /canonical/,
    ],
  ];

  it.each(TAMPERINGS)('with %s is broken, and the first bad entry is named', (_what, entries, position, problem) => {
    const { broken } = walk(entries);
    expect(broken?.position).toBe(position);
    expect(broken?.problem).toMatch(problem);
  });

  it('cut off at its end has another head and size than the head row says', () => {
    const { walker, broken } = walk(good.slice(0, 5));
    expect(broken).toBeUndefined();
    expect(walker.size).toBe(5);
    expect(walker.head).not.toBe(at(good, 5).leaf);
  });
});
