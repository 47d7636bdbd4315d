import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromBase64Url, toBase64Url } from './bytes.js';
import { formatInstant, parseInstant } from './clock.js';
import { costOfTokens, decimalOfMicros, isMicros, microsOfDecimal, parseMicros } from './money.js';
import { SystemRandom } from './random.js';
import { sha256 } from './sha256.js';
import { isUuidV7, timeOfUuidV7, uuidV7, uuidV8 } from './uuid.js';

describe('money', () => {
  it('rounds each cost line up once', () => {
    expect([costOfTokens(1234, 3_000_000n), costOfTokens(567, 15_000_000n), costOfTokens(1, 37_500n)]).toEqual([
      3702n,
      8505n,
      1n,
    ]);
  });

  it('reads what it wrote for people, exactly', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 10n ** 17n }), (m) => microsOfDecimal(decimalOfMicros(m)) === m));
    expect(decimalOfMicros(12_500_000n)).toBe('12.50');
  });

  it.each(['', '-1', '01', '1.5', '1e3', ' 1', '9223372036854775808'])('refuses %p as micros', (text) => {
    expect(isMicros(text)).toBe(false);
    expect(() => parseMicros(text)).toThrow('not an amount in micros');
  });
});

describe('identifiers', () => {
  it('a UUIDv7 carries its millisecond and is lower case', () => {
    const id = uuidV7(1_790_000_000_123, new SystemRandom());
    expect(isUuidV7(id)).toBe(true);
    expect(timeOfUuidV7(id)).toBe(1_790_000_000_123);
    expect(isUuidV7(id.toUpperCase())).toBe(false);
  });

  it('a UUIDv8 is the same for the same hash and marks its version', () => {
    expect(uuidV8(sha256('a'))).toBe(uuidV8(sha256('a')));
    expect(uuidV8(sha256('a'))[14]).toBe('8');
  });

  it('random bytes are never handed out twice', () => {
    const random = new SystemRandom();
    const drawn = new Set(Array.from({ length: 2000 }, () => random.bytes(8).toString('hex')));
    expect(drawn.size).toBe(2000);
  });
});

describe('instants and bytes', () => {
  it.each([
    '2026-11-22T10:00:00Z',
    '2026-02-30T10:00:00.000Z',
    '2026-11-22 10:00:00.000Z',
    '2026-11-22T10:00:00.000+01:00',
  ])('refuses %p', (text) => {
    expect(() => parseInstant(text)).toThrow('not an instant');
  });

  it('reads the instant it wrote', () => {
    expect(parseInstant(formatInstant(1_790_000_000_123))).toBe(1_790_000_000_123);
  });

  it('base64url refuses padding, other alphabets and loose endings', () => {
    expect(fromBase64Url(toBase64Url(Buffer.from([251, 255])))).toEqual(Buffer.from([251, 255]));
    for (const text of ['-_8=', '+/8', '-_9']) expect(() => fromBase64Url(text)).toThrow('not base64url');
  });
});
