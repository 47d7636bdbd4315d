import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { TrustLevel } from '@countersign/contracts';
import { parse } from 'yaml';
import { assertWeights, DAY_MS as DAY } from './algorithm.js';
import { nextLevel, type LevelState } from './levels.js';
import type { NegativeKindName } from './observation.js';
import { scoreOf } from './score.js';
import { CASE_NOW as NOW, evidenceOf, type CaseGiven } from './spec-support/case-evidence.js';

interface Case extends CaseGiven {
  readonly name: string;
  /** Days after the instant of the cases. */
  readonly later?: number;
  readonly score: number;
  readonly level: TrustLevel;
  readonly raw?: number;
  readonly binding?: readonly string[];
  readonly r?: number;
  readonly s?: number;
}

const CASES = parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'cases', 'scores.yaml'), 'utf8'),
) as readonly Case[];
const MATURE = evidenceOf({ agent: 'mature', work: [{ days: 30, groups: 4 }] });

describe('the trust score', () => {
  it.each(CASES)('$name', (wanted) => {
    const { score, level, raw, binding, masses } = scoreOf(evidenceOf(wanted), NOW + (wanted.later ?? 0) * DAY);
    expect([score, level]).toEqual([Math.round(wanted.score * 100), wanted.level]);
    if (wanted.raw !== undefined) expect(raw).toBe(Math.round(wanted.raw * 100));
    if (wanted.binding !== undefined) expect(binding).toEqual(wanted.binding);
    if (wanted.r !== undefined) expect(masses.positive).toBeCloseTo(wanted.r, 3);
    if (wanted.s !== undefined) expect(masses.negative).toBeCloseTo(wanted.s, 1);
  });

  it('weighs exactly 100.00', () => {
    expect(() => assertWeights()).not.toThrow();
  });

  it('is the sum of its facts, and no fact gives more than it may', () => {
    const { facts, families } = scoreOf(MATURE, NOW);
    for (const [family, points] of Object.entries(families))
      expect(facts[family as keyof typeof facts].reduce((sum, f) => sum + f.points, 0)).toBe(points);
    for (const fact of Object.values(facts).flat()) expect(fact.points).toBeLessThanOrEqual(fact.max);
  });

  it('refuses a kind that is not in the catalogue', () => {
    const gossip = { id: 'g', kind: 'GOSSIP' as NegativeKindName, at: NOW, counterparty: 'cp0' };
    expect(() => scoreOf({ ...MATURE, observations: [gossip] }, NOW)).toThrow('unknown kind');
  });

  it('tells when a cap of a recent violation ends', () => {
    const { caps } = scoreOf(evidenceOf({ agent: 'mature', wrong: [{ kind: 'GRANT_EXCEEDED', age: 2 }] }), NOW);
    expect(caps).toContainEqual(expect.objectContaining({ cap: 'RECENT_HIGH', limit: 6_499, until: NOW + 5 * DAY }));
  });
});

describe('levels', () => {
  it('fall at once and rise one step a day with a margin', () => {
    const steps: readonly (readonly [hours: number, score: number, level: TrustLevel])[] = [
      [0, 6_400, 'PROVISIONAL'],
      [1, 6_550, 'PROVISIONAL'],
      [1, 6_700, 'PROVISIONAL'],
      [30, 6_700, 'VERIFIED'],
      [1, 8_800, 'VERIFIED'],
      [24, 8_800, 'TRUSTED'],
      [1, 8_480, 'VERIFIED'],
      [1, 6_490, 'PROVISIONAL'],
      [24, 6_600, 'PROVISIONAL'],
      [1, 6_700, 'VERIFIED'],
    ];
    let state: LevelState | undefined;
    let at = NOW;
    for (const [hours, score, level] of steps) {
      at += hours * 3_600_000;
      state = nextLevel(state, score, at);
      expect([hours, score, state.level]).toEqual([hours, score, level]);
    }
  });
});
