import { describe, expect, it } from '@jest/globals';
import { documentsOf, objectOf, readObject } from './policy-files.js';

describe('a policy file', () => {
  it('is YAML or JSON', () => {
    const expected = { taskTypes: ['a'], rate: null };
    expect(objectOf('taskTypes: [a]\nrate: null\n', 'p.yaml')).toEqual(expected);
    expect(objectOf('{"taskTypes":["a"],"rate":null}', 'p.json')).toEqual(expected);
  });

  it.each([
    ['- a', 'must hold fields'],
    ['', 'must hold fields'],
    ['a: [', 'is neither JSON nor YAML'],
  ])('that holds %j is refused with what would be right', (text, message) => {
    expect(() => objectOf(text, 'p.yaml')).toThrow(new RegExp(`p\\.yaml ${message}`));
  });

  it('that is not there is named', () => {
    expect(() => readObject('/nowhere/p.yaml')).toThrow('the file /nowhere/p.yaml cannot be read');
  });

  it('holds documents by level, or the fields of a connection', () => {
    expect(documentsOf({ connection: {}, surface: {} })).toEqual({ connection: {}, surface: {} });
    expect(documentsOf({ taskTypes: [] })).toEqual({ connection: { taskTypes: [] } });
  });
});
