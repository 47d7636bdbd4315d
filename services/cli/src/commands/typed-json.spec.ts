import { describe, expect, it } from '@jest/globals';
import { surfaceOf } from './typed-json.js';

describe('a surface that was typed', () => {
  it('is neutral but for what it names', () => {
    expect(surfaceOf('{"taskTypes":["code_review"]}')).toMatchObject({ taskTypes: ['code_review'] });
  });

  it('names the field that nobody knows, and those that there are', () => {
    expect(() => surfaceOf('{"foo":1}')).toThrow(/^--surface: .*"foo".*there are: .*taskTypes/);
  });

  it('says what JSON would be right', () => {
    expect(() => surfaceOf('nope')).toThrow('--surface must be a JSON object such as {"taskTypes":["code_review"]}');
  });
});
