import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { detect } from './detect.js';

const CASES = parse(readFileSync(new URL('../../../cases/disguises.yaml', import.meta.url), 'utf8')) as readonly {
  readonly name: string;
  readonly text: string;
}[];
const HIDING = ['HIDDEN_TEXT', 'HIDDEN_CHARACTERS'];

describe('an attack in disguise', () => {
  it('has more than fifty of them', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(50);
  });

  it.each(CASES.map(({ name, text }) => [name, text] as const))('is read through: %s', (_name, text) => {
    const field = { path: ['text'], part: 0, text, origin: 'data', external: true, leaf: 'text' } as const;
    const { findings } = detect([field], ['prompt-injection', 'jailbreak', 'exfiltration'], { expired: () => false });
    // what it says is found, not only that something is hidden
    expect(findings.filter(({ kind }) => !HIDING.includes(kind))).not.toEqual([]);
    for (const { start, end } of findings) {
      expect(start).toBeLessThan(end);
      expect(end).toBeLessThanOrEqual(text.length);
    }
  });
});
