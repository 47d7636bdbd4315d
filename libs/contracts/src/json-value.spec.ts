import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonValueSchema } from './json-value.js';
import { MAX_JSON_DEPTH } from './limits.js';

const nested = (depth: number, open = '[', close = ']'): unknown =>
  JSON.parse(open.repeat(depth) + (open === '[' ? '' : 'null') + close.repeat(depth));

describe('JSON inside a message', () => {
  it('is taken as it is, whatever it holds', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        expect(jsonValueSchema.parse(value)).toEqual(value);
      }),
    );
  });

  it('may be 64 levels deep and no deeper', () => {
    expect(jsonValueSchema.safeParse(nested(MAX_JSON_DEPTH)).success).toBe(true);
    expect(jsonValueSchema.safeParse(nested(MAX_JSON_DEPTH + 1)).error?.issues[0]?.message).toBe(
      'must be JSON at most 64 levels deep',
    );
  });

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
