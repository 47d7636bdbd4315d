import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { strictJsonOf } from './strict-json.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

describe('strict JSON', () => {
  it.each([
    ['one key twice', '{"a":1,"a":2}'],
    ['one key twice, written differently', '{"a":1,"\\u0061":2}'],
    ['one key twice, deep inside', '[{"x":[{"a":{},"b":1,"a":{}}]}]'],
    ['one key twice with white space', '{ "a" : 1 ,\n "a"\t: 2 }'],
    ['the empty key twice', '{"":1,"":2}'],
    ['no JSON', '{"a":1'],
    ['a byte order mark', '\uFEFF{"a":1}'],
  ])('refuses %s', (_what, text) => {
    expect(strictJsonOf(bytes(text))).toBeUndefined();
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(strictJsonOf(Buffer.from([0x22, 0xff, 0x22]))).toBeUndefined();
    expect(strictJsonOf(Buffer.concat([bytes('{"a":"'), Buffer.from([0xc3]), bytes('"}')]))).toBeUndefined();
  });

  it.each([
    '{"a":"\\"a\\":1","b":"a"}',
    '[{"a":1},{"a":2}]',
    '{"a":{"a":{"a":1}}}',
    '{"a":"x:y","b":["a","a"]}',
    '{"\\\\":1,"\\"":2}',
  ])('takes %s', (text) => {
    expect(strictJsonOf(bytes(text))).toEqual(JSON.parse(text));
  });

  it('takes whatever is written without a repeated key', () => {
    fc.assert(fc.property(fc.json(), (text) => expect(strictJsonOf(bytes(text))).toEqual(JSON.parse(text))));
  });

  it('refuses every object to which one of its keys is added again', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.nat(), (object, n) => {
        const keys = Object.keys(object);
        const key = keys[n % keys.length] ?? '';
        const text = JSON.stringify(object);
        return strictJsonOf(bytes(`${text.slice(0, -1)},${JSON.stringify(key)}:null}`)) === undefined;
      }),
    );
  });
});
