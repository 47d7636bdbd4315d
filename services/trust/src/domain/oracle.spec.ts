import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { scoreOf } from './score.js';
import { EVIDENCE_NOW, randomEvidence } from './spec-support/random-evidence.js';

interface Expected {
  readonly count: number;
  readonly block: number;
  readonly first: readonly string[];
  readonly blocks: readonly string[];
}

/** Computed by an independent implementation of the specification from the same evidence: the first lines in full, all of them as hashes of blocks. */
const EXPECTED = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'cases', 'random-scores.json'), 'utf8'),
) as Expected;

function lineOf(seed: number): string {
  const { score, raw, families, masses, binding } = scoreOf(randomEvidence(seed), EVIDENCE_NOW);
  const { identity, behaviour, compliance, security } = families;
  return [
    ...[score, raw, identity, behaviour, compliance, security, masses.activeDays],
    [...new Set(binding)].sort().join('+'),
  ].join(' ');
}

describe('the score of random evidence', () => {
  it('is that of an independent implementation, family by family', () => {
    expect(EXPECTED.first.map((_, seed) => lineOf(seed))).toEqual(EXPECTED.first);
  });

  it('is so for more than 20,000 agents', () => {
    expect(EXPECTED.count).toBeGreaterThan(20_000);
    const blocks = EXPECTED.blocks.map((_, i) => {
      const hash = createHash('sha256');
      for (let k = 0; k < EXPECTED.block; k += 1) hash.update(`${lineOf(i * EXPECTED.block + k)}\n`);
      return hash.digest('hex').slice(0, 16);
    });
    expect(blocks).toEqual(EXPECTED.blocks);
  });
});
