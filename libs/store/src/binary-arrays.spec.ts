import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { jsonArray, uuidArray } from './binary-arrays.js';

describe('an array of uuids as a binary parameter', () => {
  it('is one dimension from 1 on, of elements with their length', () => {
    expect(uuidArray(['00112233-4455-6677-8899-aAbBcCdDeEfF']).toString('hex')).toBe(
      `00000001${'00000000'}${'00000b86'}${'00000001'}${'00000001'}${'00000010'}00112233445566778899aabbccddeeff`,
    );
    expect(uuidArray([]).toString('hex')).toBe(`00000001${'00000000'}${'00000b86'}${'00000000'}${'00000001'}`);
  });

  it('says that there are nulls, and where', () => {
    expect(uuidArray([null]).toString('hex')).toBe(
      `00000001${'00000001'}${'00000b86'}${'00000001'}${'00000001'}ffffffff`,
    );
  });

  it.each([
    ['empty', ''],
    ['short', randomUUID().slice(0, 35)],
    ['long', `${randomUUID()}0`],
    ['without dashes', randomUUID().replaceAll('-', '')],
    ['with something else for a dash', randomUUID().replace('-', '0')],
    ['with a letter that is no digit', `g${randomUUID().slice(1)}`],
    ['with a letter beyond Latin', `\u0130${randomUUID().slice(1)}`],
  ])('does not exist for what is no uuid: %s', (_, id) => {
    expect(() => uuidArray([randomUUID(), id])).toThrow('not a uuid');
  });
});

describe('an array of JSON values as a binary parameter', () => {
  it('holds each text with its length in bytes', () => {
    expect(jsonArray([{ a: 'é' }, []]).toString('hex')).toBe(
      `00000001${'00000000'}${'00000072'}${'00000002'}${'00000001'}${'0000000a'}${Buffer.from('{"a":"é"}').toString('hex')}${'00000002'}5b5d`,
    );
    expect(jsonArray([]).length).toBe(20);
  });
});
