import { describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { canonicalBytes, canonicalJson } from './canonical-json.js';

const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'grapheme' }).filter((s) => s.isWellFormed()),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(
      fc.string({ unit: 'binary' }).filter((s) => s.isWellFormed() && s !== '__proto__'),
      tie('node'),
      { maxKeys: 4 },
    ),
  ),
})).node;

describe('canonical JSON', () => {
  it('writes what another implementation of RFC 8785 writes', () => {
    fc.assert(
      fc.property(value, (v) => canonicalJson(v) === canonicalize(v)),
      { numRuns: 2000 },
    );
  });

  it('sorts keys by UTF-16 code units as in the example of RFC 8785 section 3.2.3', () => {
    const input = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew',
      '1': 'One',
      '\ud83d\ude00': 'Smiley',
      '\u0080': 'Control',
      '\u00f6': 'o',
    };
    expect(Object.values(JSON.parse(canonicalJson(input)) as object)).toHaveLength(7);
    expect(canonicalJson(input)).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"o","\u20ac":"Euro Sign","\ud83d\ude00":"Smiley","\ufb33":"Hebrew"}',
    );
  });

  it('is the same in bytes, however long and with however many keys', () => {
    for (const count of [0, 1, 39, 40, 41, 1_000]) {
      const keys = Array.from({ length: count }, (_, i) => `${(i * 7_919) % 1_009} ${i % 2 === 0 ? 'ä' : '"'}`);
      const input = Object.fromEntries(keys.map((key, i) => [key, [i, key.repeat(30)]]));
      expect(canonicalBytes(input).toString()).toBe(canonicalize(input));
      expect(canonicalJson(input)).toBe(canonicalize(input));
    }
    for (const text of ['plain'.repeat(20_000), '€'.repeat(20_000), '\u0000'.repeat(20_000)])
      expect(canonicalBytes([text, text]).toString()).toBe(JSON.stringify([text, text]));
  });

  it('keeps what it wrote apart from what it writes next', () => {
    const first = canonicalBytes({ a: 1 });
    const nested = Object.defineProperty({ a: 'before' }, 'b', {
      enumerable: true,
      get: () => canonicalJson({ c: 2 }),
    });
    expect(canonicalJson(nested)).toBe('{"a":"before","b":"{\\"c\\":2}"}');
    expect(() => canonicalJson([{ d: 'left behind' }, undefined])).toThrow(TypeError);
    expect([canonicalBytes('e').toString(), first.toString()]).toEqual(['"e"', '{"a":1}']);
  });

  it.each([
    ['a fraction', 0.5],
    ['an integer beyond 2^53', 2 ** 53 + 2],
    ['not a number', Number.NaN],
    ['undefined', { a: undefined }],
    ['a function', { a: () => 1 }],
    ['a bigint', 1n],
    ['a map', new Map()],
    ['bytes', Buffer.from('x')],
    // eslint-disable-next-line no-sparse-arrays -- the hole is what is tested
    ['a hole', [, 1]],
    ['a lone surrogate', '\ud800'],
    ['a date', new Date(0)],
  ])('refuses %s', (_name, input) => {
    expect(() => canonicalJson(input)).toThrow(TypeError);
  });

  it('names where what it refuses stands', () => {
    const message = (input: unknown): string => {
      try {
        return canonicalJson(input);
      } catch (error) {
        return String(error);
      }
    };
    expect(message({ b: 1, a: [{ c: true }, { d: [1, 0.5] }] })).toBe(
      'TypeError: canonical json: not a safe integer at $.a[1].d[1]',
    );
    expect(message([{ ok: 1 }, undefined])).toBe('TypeError: canonical json: cannot write undefined at $[1]');
  });
});
