import { describe, expect, it } from '@jest/globals';
import { toYaml } from './yaml.js';

describe('YAML', () => {
  it('is written in indented blocks', () => {
    expect(toYaml({ a: 1, list: ['x y', { b: true, c: [null] }], none: {}, empty: [] })).toBe(
      'a: 1\nlist:\n  - x y\n  - b: true\n    c:\n      - null\nnone: {}\nempty: []\n',
    );
  });

  it.each([
    'true',
    'No',
    'null',
    'off',
    '1',
    '1.0',
    '',
    ' a',
    'a: b',
    'a #b',
    '$ref',
    '- a',
    '{',
    '*',
    '"',
    'a\nb',
    '3.0.0',
    '~',
  ])('quotes the text %j, which could be read as something else', (text) => {
    expect(toYaml({ a: text })).toBe(`a: ${JSON.stringify(text)}\n`);
    expect(toYaml({ [text]: 1 })).toBe(`${JSON.stringify(text)}: 1\n`);
  });
});
