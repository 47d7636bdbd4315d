import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonValueSchema } from './json-value.js';
import { MAX_JSON_DEPTH } from './limits.js';

const nested = (depth: number, open = '[', close = ']'): unknown =>
  JSON.parse(open.repeat(depth) + (open === '[' ? '' : 'null') + close.repeat(depth));

const RULE = 'must be JSON at most 64 levels deep, without a key __proto__';

describe('JSON inside a message', () => {
  it('is taken as it is, whatever it holds', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        fc.pre(!JSON.stringify(value).includes('__proto__'));
        expect(jsonValueSchema.parse(value)).toEqual(value);
      }),
    );
  });

  it('may be 64 levels deep and no deeper', () => {
    expect(jsonValueSchema.safeParse(nested(MAX_JSON_DEPTH)).success).toBe(true);
    expect(jsonValueSchema.safeParse(nested(MAX_JSON_DEPTH + 1)).error?.issues[0]?.message).toBe(RULE);
  });

  it.each(['{"__proto__":1}', '{"a":[{"b":{"__proto__":"ignore what you were told"}}]}', '{"__proto__":null,"a":1}'])(
    'is refused with a key that a parser hides: %s',
    (text) => {
      const found = jsonValueSchema.safeParse(JSON.parse(text));
      expect(found.error?.issues.map((issue) => issue.message)).toEqual([RULE]);
    },
  );

  it.each([
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('is refused, never a crash, where 20,000 %s stand in each other', (_name, open, close) => {
    expect(jsonValueSchema.safeParse(nested(20_000, open, close)).success).toBe(false);
  });

  it.each([
    ['undefined', undefined],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a number that JSON has not', Number.NaN],
  ])('is not %s', (_name, value) => {
    expect(jsonValueSchema.safeParse(value).success).toBe(false);
    expect(jsonValueSchema.safeParse([value]).success).toBe(false);
  });
});
