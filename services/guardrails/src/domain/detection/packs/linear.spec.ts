import process from 'node:process';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { checkSync } from 'recheck';
import { PACKS } from '../packs.js';

describe('a built-in pattern', () => {
  beforeAll(() => {
    // the checker in JavaScript: no Java, no binary, no worker
    process.env['RECHECK_SYNC_BACKEND'] = 'pure';
  });

  const rules = [...PACKS.values()].flatMap((pack) => pack.rules.map((rule) => [pack.name, rule.id, rule] as const));

  it.each(rules)('of %s, %s, runs in linear time', (_pack, _id, { pattern }) => {
    const flags = pattern.flags.replace('g', '');
    const result = checkSync(pattern.source, flags, { checker: 'automaton', timeout: 20_000 });
    expect(result.status).toBe('safe');
  });

  it('that takes quadratic time would not pass', () => {
    expect(checkSync('\\w+@', '', { checker: 'automaton' }).status).toBe('vulnerable');
  });
});
