import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { payloadCommitment } from '@countersign/record';
import { SealBroken } from '@countersign/store';
import { anId } from '@countersign/testing';
import { EpochKey } from './payload-keys.js';

const key = new EpochKey(Buffer.alloc(32, 1));
const place = { org: anId(), id: anId(), kind: 'verdicts' } as const;
const bytes = Buffer.from('a text, a text, a text, a text, a text, a text, a text');
const plain = key.seal({ kind: 'verdicts', bytes }, place);
const deflated = key.seal({ kind: 'verdicts', bytes, deflated: deflateRawSync(bytes) }, place);

describe('a sealed payload', () => {
  it('opens to the bytes that its commitment is over, whether it was sealed deflated or not', () => {
    for (const { sealed, commitment } of [plain, deflated]) {
      const opened = key.open(sealed, place);
      expect(opened.bytes).toEqual(bytes);
      expect(payloadCommitment(opened.salt, opened.bytes)).toBe(commitment);
    }
    expect(deflated.commitment).toBe(plain.commitment);
    expect(deflated.sealed.length).toBeLessThan(plain.sealed.length);
  });

  it.each<[what: string, sealed: Buffer]>([
    ['deflated without what says so', deflated.sealed.subarray(1)],
    ['plain with what says deflated', Buffer.concat([deflated.sealed.subarray(0, 1), plain.sealed])],
    ['cut', deflated.sealed.subarray(0, -1)],
    ['nothing but what says deflated', deflated.sealed.subarray(0, 1)],
    ['empty', Buffer.alloc(0)],
    ['of what does not inflate', key.seal({ kind: 'verdicts', bytes, deflated: Buffer.from('no') }, place).sealed],
    [
      'of what inflates without an end',
      key.seal({ kind: 'verdicts', bytes, deflated: deflateRawSync(Buffer.alloc(2 ** 23)) }, place).sealed,
    ],
  ])('that is %s does not open', (_what, sealed) => {
    expect(() => key.open(sealed, place)).toThrow(SealBroken);
  });

  it.each<[what: string, other: Partial<Record<keyof typeof place, string>>]>([
    ['organisation', { org: anId() }],
    ['event', { id: anId() }],
    ['kind', { kind: 'submission' }],
  ])('opens for no other %s', (_what, other) => {
    for (const { sealed } of [plain, deflated])
      expect(() => key.open(sealed, { ...place, ...other })).toThrow(SealBroken);
  });
});
