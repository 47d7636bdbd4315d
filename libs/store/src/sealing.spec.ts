import { describe, expect, it } from '@jest/globals';
import { createSecretKey, randomBytes } from 'node:crypto';
import { seal, SealBroken, unseal } from './index.js';

const key = randomBytes(32);
const text = Buffer.from('what a task said');

describe('sealed bytes', () => {
  it('open with the key at the place that they were sealed for', () => {
    expect(unseal(key, 'task/1/in', seal(key, 'task/1/in', text))).toEqual(text);
    expect(unseal(key, '', seal(key, '', Buffer.alloc(0)))).toEqual(Buffer.alloc(0));
  });

  it('are the same whether the key is given as its bytes or as an object', () => {
    const object = createSecretKey(key);
    expect(unseal(key, 'task/1/in', seal(object, 'task/1/in', text))).toEqual(text);
    expect(unseal(object, 'task/1/in', seal(key, 'task/1/in', text))).toEqual(text);
    expect(() => unseal(createSecretKey(randomBytes(32)), 'task/1/in', seal(object, 'task/1/in', text))).toThrow(
      SealBroken,
    );
  });

  it('open with no other key and at no other place', () => {
    const sealed = seal(key, 'task/1/in', text);
    expect(() => unseal(randomBytes(32), 'task/1/in', sealed)).toThrow(SealBroken);
    expect(() => unseal(key, 'task/2/in', sealed)).toThrow(SealBroken);
  });

  it('open after no change of a single bit, and not when they were cut', () => {
    const sealed = seal(key, 'place', text);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(() => unseal(key, 'place', changed)).toThrow(SealBroken);
      expect(() => unseal(key, 'place', sealed.subarray(0, at))).toThrow(SealBroken);
    }
  });

  it('never look the same twice and never show what they hold', () => {
    const all = Array.from({ length: 1_000 }, () => seal(key, 'place', text));
    expect(new Set(all.map((sealed) => sealed.toString('hex', 1, 13))).size).toBe(1_000);
    expect(all.some((sealed) => sealed.includes('task'))).toBe(false);
  });
});
