import { describe, expect, it } from '@jest/globals';
import { SystemRandom, type Random } from '@countersign/primitives';
import { clientIdOf, hashSecret, newClientCredential, secretMatches } from './client-secret.js';

const PEPPER = Buffer.alloc(32, 7);
const { secret } = newClientCredential(new SystemRandom());
const stored = hashSecret(PEPPER, secret);

describe('a client secret', () => {
  it('is stored as a keyed hash that shows nothing of it', () => {
    expect(stored).toHaveLength(32);
    expect(stored.equals(hashSecret(Buffer.alloc(32, 8), secret))).toBe(false);
    expect(stored.toString('latin1')).not.toContain(secret.slice(4, 12));
  });

  it('does not match a stored hash that is cut, longer, empty or of another secret, and none of them throws', () => {
    const longer = Buffer.concat([stored, Buffer.of(0)]);
    for (const wrong of [stored.subarray(0, 31), longer, Buffer.alloc(0), hashSecret(PEPPER, `${secret}x`)])
      expect(secretMatches(PEPPER, secret, wrong)).toBe(false);
    expect(secretMatches(PEPPER, secret, stored)).toBe(true);
  });

  it('does not match when any one bit of the stored hash differs: every byte is compared', () => {
    for (let bit = 0; bit < 256; bit += 1) {
      const wrong = Buffer.from(stored);
      wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(secretMatches(PEPPER, secret, wrong)).toBe(false);
    }
  });

  it('is refused by its form before anything is looked up', () => {
    const wrong = ['', 'csk_', secret.toUpperCase(), ` ${secret}`, `${secret}\n`, secret.slice(0, -1), `${secret}0`];
    expect(wrong.map(clientIdOf)).toEqual(wrong.map(() => undefined));
  });

  it('takes every letter equally often: bytes that would favour some are thrown away', () => {
    let served = 0;
    const counting: Random = { bytes: (count) => Buffer.from(Array.from({ length: count }, () => served++ % 256)) };
    const counts = new Map<string, number>();
    // 63 credentials of 52 letters are 13 rounds through the 252 bytes that count
    for (let i = 0; i < 63; i += 1)
      for (const letter of newClientCredential(counting).secret.slice(4, 57).replace('_', ''))
        counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect(counts.size).toBe(36);
    expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(12);
  });
});
