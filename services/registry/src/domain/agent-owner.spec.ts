import { describe, expect, it } from '@jest/globals';
import { ownerOf } from './agent-owner.js';

describe('the owner of an agent', () => {
  it.each<[string, string, string | undefined, string | undefined]>([
    ['is whom the operator names', 'team:billing', undefined, 'team:billing'],
    ['is the person who registers it', 'operator:local', 'ann', 'user:ann'],
    ['is the person who says so', 'user:ann', 'ann', 'user:ann'],
    ['is nobody else, whom a person may name', 'user:bob', 'ann', undefined],
    ['is no team that a person invents', 'team:billing', 'ann', undefined],
  ])('%s', (_what, asked, person, owner) => {
    expect(ownerOf(asked, person)).toBe(owner);
  });
});
