import { describe, expect, it } from '@jest/globals';
import { sha256, toBase64Url, utf8 } from '@countersign/primitives';
import { PURPOSES } from '@countersign/contracts';
import { verifiesUnder } from './person-signature.js';
import { publicKeyProblem } from './public-key-problem.js';
import { SigningKey } from './signing-key.js';

const P = 2n ** 255n - 19n;
const ORDER_8 = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05';
const ORDER_8_TOO = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a';

/** The encoding of a y, with or without the sign of x. */
function encoded(y: bigint, sign: 0 | 1): string {
  const bytes = Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse();
  bytes[31] = (bytes[31] ?? 0) | (sign << 7);
  return toBase64Url(bytes);
}
const signed = (hex: string): string => {
  const bytes = Buffer.from(hex, 'hex');
  bytes[31] = (bytes[31] ?? 0) | 0x80;
  return toBase64Url(bytes);
};
const plain = (hex: string): string => toBase64Url(Buffer.from(hex, 'hex'));

const SMALL: readonly (readonly [string, string])[] = [
  ['the neutral point', encoded(1n, 0)],
  ['the point of order 2', encoded(P - 1n, 0)],
  ['a point of order 4', encoded(0n, 0)],
  ['the other point of order 4', encoded(0n, 1)],
  ['a point of order 8', plain(ORDER_8)],
  ['a second point of order 8', signed(ORDER_8)],
  ['a third point of order 8', plain(ORDER_8_TOO)],
  ['the fourth point of order 8', signed(ORDER_8_TOO)],
];

describe('a public key that somebody gives', () => {
  it('is right as a generator of keys makes it', () => {
    for (let i = 0; i < 50; i += 1)
      expect(publicKeyProblem(toBase64Url(SigningKey.generate('operator').publicKey))).toBeUndefined();
  });

  it.each(SMALL)('is refused when it is %s: messages can be signed for it without a private key', (_what, key) => {
    expect(publicKeyProblem(key)).toContain('small order');
  });

  it.each([
    ['y is the prime or more', encoded(P, 0)],
    ['y is the prime or more, with a sign', encoded(P + 1n, 1)],
    ['y is the largest that fits', encoded(2n ** 255n - 1n, 0)],
    ['x is zero and has a sign', encoded(1n, 1)],
    ['x is zero and has a sign, at the other end', encoded(P - 1n, 1)],
  ])('is refused when it is a second writing of a point: %s', (_what, key) => {
    expect(publicKeyProblem(key)).toContain('not the one encoding');
  });

  it.each([
    ['too short', toBase64Url(Buffer.alloc(31, 7))],
    ['too long', toBase64Url(Buffer.alloc(33, 7))],
    ['with bits beyond its end', `${'A'.repeat(42)}B`],
    ['of other characters', `${'A'.repeat(42)}+`],
  ])('is refused when it is %s', (_what, key) => {
    expect(publicKeyProblem(key)).toContain('32 bytes');
  });
});

describe('a signature that nobody made', () => {
  const message = { purpose: PURPOSES.admin, subject: 'adm.registry.agent-revoke', bodyHash: sha256(utf8('anything')) };

  it('counts for nothing under a key of small order, even one that was registered before', () => {
    // R the neutral point, S zero: [S]B = R + [k]A holds for every message while A is the neutral point
    const forged = Buffer.alloc(64);
    forged[0] = 1;
    const received = { kid: ['operator-x'], sig: [toBase64Url(forged)] };
    for (const [, key] of SMALL) expect(verifiesUnder(key, received, message)).toBe(false);
  });

  it('that a person made still counts under the own key', () => {
    const key = SigningKey.generate('operator');
    const { kid, sig } = key.sign(message.purpose, message.subject, message.bodyHash);
    expect(verifiesUnder(toBase64Url(key.publicKey), { kid: [kid], sig: [sig] }, message)).toBe(true);
  });
});
