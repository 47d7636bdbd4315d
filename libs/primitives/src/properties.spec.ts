import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { assertNever } from './assert-never.js';
import { fromBase64Url, toBase64Url } from './bytes.js';
import { canonicalJson } from './canonical-json.js';
import { formatInstant, isInstant, parseInstant } from './clock.js';
import { merkleLeaf, merkleNode, merklePath, merkleRoot, verifyMerklePath } from './merkle.js';
import {
  costOfTokens,
  decimalOfMicros,
  isMicros,
  MAX_MICROS,
  maxMicros,
  microsOfDecimal,
  parseMicros,
} from './money.js';
import { formatDigest, isDigest, parseDigest, sha256 } from './sha256.js';

const micros = fc.bigInt({ min: 0n, max: MAX_MICROS });
const leaves = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { minLength: 1, maxLength: 40 });
const wellFormed = fc.string({ unit: 'binary' }).filter((s) => s.isWellFormed() && s !== '__proto__');
const json = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    wellFormed,
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(wellFormed, tie('node'), { maxKeys: 5 }),
  ),
})).node;

/** The same value with the keys of every object in the opposite order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reordered(inner)]),
  );
}

describe('canonical JSON', () => {
  it('is the same in whatever order keys stand', () => {
    fc.assert(fc.property(json, (value) => canonicalJson(value) === canonicalJson(reordered(value))));
  });

  it('is read back as the value that was written, and writes itself again', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it('differs for different values', () => {
    fc.assert(
      fc.property(
        json,
        json,
        (a, b) => (canonicalJson(a) === canonicalJson(b)) === (canonicalJson([a]) === canonicalJson([b])),
      ),
    );
    expect(new Set([[1, 2], [2, 1], ['1', 2], [12], [[1, 2]], [1, [2]], [null], [], {}].map(canonicalJson)).size).toBe(
      9,
    );
  });

  it('is 64 levels deep at most, and refused beyond without a crash', () => {
    const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
    expect(canonicalJson(nested(64))).toHaveLength(128);
    for (const depth of [66, 50_000]) expect(() => canonicalJson(nested(depth))).toThrow(TypeError);
  });
});

describe('a Merkle tree', () => {
  it('has another root with any bit of any leaf changed', () => {
    fc.assert(
      fc.property(leaves, fc.nat(), fc.integer({ min: 0, max: 255 }), (all, n, bit) => {
        const changed = all.map((leaf, i) =>
          i === n % all.length ? leaf.map((b, j) => (j === bit >> 3 ? b ^ (1 << (bit & 7)) : b)) : leaf,
        );
        return !merkleRoot(all).equals(merkleRoot(changed));
      }),
    );
  });

  it('has another root with a leaf more, a leaf less, or a leaf twice', () => {
    fc.assert(
      fc.property(leaves, (all) => {
        const last = all.at(-1) ?? new Uint8Array(32);
        return (
          !merkleRoot(all).equals(merkleRoot([...all, last])) && !merkleRoot(all).equals(merkleRoot(all.slice(0, -1)))
        );
      }),
    );
  });

  it('has another root in another order of two different leaves', () => {
    fc.assert(
      fc.property(leaves, fc.nat(), fc.nat(), (all, a, b) => {
        const [i, j] = [a % all.length, b % all.length];
        const swapped = all.map((leaf, n) => (n === i ? (all[j] ?? leaf) : n === j ? (all[i] ?? leaf) : leaf));
        return (
          merkleRoot(all).equals(merkleRoot(swapped)) ===
          (Buffer.compare(all[i] ?? Buffer.of(), all[j] ?? Buffer.of()) === 0)
        );
      }),
    );
  });

  it('takes no inner node for a leaf: their hashes begin with another byte', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (a, b) => {
          return !merkleNode(a, b).equals(merkleLeaf(Buffer.concat([a, b])));
        },
      ),
    );
  });

  it('proves a leaf at its own index of its own size only', () => {
    fc.assert(
      fc.property(leaves, fc.nat(), fc.integer({ min: 1, max: 40 }), (all, n, size) => {
        const index = n % all.length;
        const leaf = all[index] ?? new Uint8Array(32);
        const claim = { leaf, index, path: merklePath(index, all), root: merkleRoot(all) };
        expect(verifyMerklePath({ ...claim, size: all.length })).toBe(true);
        expect(verifyMerklePath({ ...claim, size: all.length, index: -1 })).toBe(false);
        expect(verifyMerklePath({ ...claim, size: all.length, index: 0.5 })).toBe(false);
        expect(verifyMerklePath({ ...claim, size: all.length, path: [...claim.path, leaf] })).toBe(false);
        if (claim.path.length > 0)
          expect(verifyMerklePath({ ...claim, size: all.length, path: claim.path.slice(1) })).toBe(false);
        if (size <= index) expect(verifyMerklePath({ ...claim, size })).toBe(false);
      }),
    );
  });

  it('of nothing is the hash of nothing, and has no path', () => {
    expect(merkleRoot([])).toEqual(sha256(''));
    expect(() => merklePath(0, [])).toThrow(RangeError);
    for (const index of [-1, 1, 0.5, Number.NaN]) expect(() => merklePath(index, [sha256('a')])).toThrow(RangeError);
  });
});

describe('money', () => {
  it('is a bigint through every reading, writing and reckoning, never a float', () => {
    fc.assert(
      fc.property(micros, micros, fc.nat(), (a, b, tokens) => {
        const all: unknown[] = [
          parseMicros(String(a)),
          maxMicros(a, b),
          costOfTokens(tokens, a),
          microsOfDecimal(decimalOfMicros(a % 10n ** 17n)),
        ];
        return all.every((amount) => typeof amount === 'bigint') && isMicros(String(a));
      }),
    );
  });

  it('beyond what a double can tell apart stays exact', () => {
    expect(parseMicros('9007199254740993') + 1n).toBe(9_007_199_254_740_994n);
    expect(decimalOfMicros(9_007_199_254_740_993n)).toBe('9007199254.740993');
    expect(microsOfDecimal('9007199254.740993')).toBe(9_007_199_254_740_993n);
  });

  it('of tokens never falls with more tokens or a higher rate, and splitting a line never makes it cheaper', () => {
    const rate = fc.bigInt({ min: 0n, max: 10n ** 12n });
    fc.assert(
      fc.property(fc.nat(), fc.nat(), rate, rate, (a, b, low, more) => {
        return (
          costOfTokens(a + b, low) >= costOfTokens(a, low) &&
          costOfTokens(a, low + more) >= costOfTokens(a, low) &&
          costOfTokens(a, low) + costOfTokens(b, low) >= costOfTokens(a + b, low)
        );
      }),
    );
  });

  it.each([0.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('has no price for %p tokens', (tokens) => {
    expect(() => costOfTokens(tokens, 1n)).toThrow('not a number of tokens');
  });

  it.each(['', '.5', '1.', '1.1234567', '-1', '1,5', '1e3', '0x1', '$$1', '1 ', '1234567890123', '٣'])(
    'is not what a person types as %p',
    (text) => {
      expect(() => microsOfDecimal(text)).toThrow('not an amount of money');
    },
  );
});

describe('hashes and their texts', () => {
  it('are of the parts one after another, in whatever pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => sha256(a, b).equals(sha256(Buffer.concat([a, b])))),
    );
    for (const size of [0, 5_461, 5_462, 16_382, 16_383, 16_384, 100_000]) {
      const [text, bytes] = ['\u20ac'.repeat(size), Buffer.alloc(size, 7)];
      const whole = createHash('sha256').update(text).update(bytes).digest();
      expect(sha256(text, bytes)).toEqual(whole);
    }
  });

  it('are read back from a digest as they were written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        return isDigest(formatDigest(bytes)) && parseDigest(formatDigest(bytes)).equals(bytes);
      }),
    );
    expect(() => parseDigest(`sha256:${'A'.repeat(64)}`)).toThrow('not a sha256 digest');
  });

  it('are read back from base64url, and from nothing else', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => fromBase64Url(toBase64Url(bytes)).equals(bytes)));
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          return toBase64Url(fromBase64Url(text)) === text;
        } catch {
          return true;
        }
      }),
    );
  });
});

describe('instants', () => {
  it('are told from every other text: what is one is read, what is none throws', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }), (ms) => {
        const text = formatInstant(ms);
        return isInstant(text) && parseInstant(text) === ms && !isInstant(` ${text}`) && !isInstant(text.slice(0, -1));
      }),
    );
    for (const text of ['2026-02-29T00:00:00.000Z', '2026-13-01T00:00:00.000Z', '2026-01-01T25:00:00.000Z']) {
      expect(isInstant(text)).toBe(false);
      expect(() => parseInstant(text)).toThrow('not an instant');
    }
  });
});

/** What an instant is by the calendar of `Date`. */
function isInstantByDate(text: string): boolean {
  const ms = /^\d{4}-(0[1-9]|1[0-2])-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text;
}

describe('the days that exist', () => {
  const two = (value: number): string => String(value).padStart(2, '0');

  it('are those of the calendar, in every year that can be written', () => {
    for (let year = 0; year <= 9999; year += 1)
      for (const day of ['02-28', '02-29', '02-30']) {
        const text = `${String(year).padStart(4, '0')}-${day}T00:00:00.000Z`;
        if (isInstant(text) !== isInstantByDate(text)) throw new Error(text);
      }
    for (let month = 0; month <= 13; month += 1)
      for (let day = 0; day <= 32; day += 1) {
        const text = `2026-${two(month)}-${two(day)}T23:59:59.999Z`;
        expect([text, isInstant(text)]).toEqual([text, isInstantByDate(text)]);
      }
  });

  it('have the hours, minutes and seconds that Date knows, and nothing around them', () => {
    const part = fc.integer({ min: 0, max: 99 }).map(two);
    fc.assert(
      fc.property(part, part, part, fc.constantFrom('', '+', 'Z', ' ', '\n'), (h, m, s, more) => {
        const text = `2026-11-25T${h}:${m}:${s}.000Z${more}`;
        return isInstant(text) === isInstantByDate(text);
      }),
    );
    for (const text of ['2026-11-25T24:00:00.000Z', '2026-11-25T23:60:00.000Z', '2026-11-25T23:59:60.000Z'])
      expect(isInstant(text)).toBe(false);
  });
});

describe('what can never be', () => {
  it('throws when it is', () => {
    expect(() => assertNever('other' as never)).toThrow();
  });
});
