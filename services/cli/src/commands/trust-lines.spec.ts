import { describe, expect, it } from '@jest/globals';
import type { TrustBreakdown } from '@countersign/contracts';
import { hundredths, trustLines } from './trust-lines.js';

const AT = '2026-11-22T12:00:00.000Z';
const family = (points: number, max: number): TrustBreakdown['families']['identity'] => ({
  points,
  max,
  facts: [{ fact: 'registration', value: 'OPERATOR', points, max }],
});
const BREAKDOWN: TrustBreakdown = {
  agent: '0199f0e4-5c00-7a1b-8c2d-00000000feed',
  name: 'writer',
  viewer: '0199f0e4-5c00-7a1b-8c2d-00000000feed',
  algorithm: 'trust/1',
  at: AT,
  score: 3_300,
  level: 'LIMITED',
  levelOfScore: 'LIMITED',
  levelSince: AT,
  raw: 3_300,
  families: {
    identity: family(1_000, 2_000),
    behaviour: {
      ...family(1_000, 4_000),
      expectation: 0.25,
      positiveMass: 0,
      negativeMass: 3,
      inheritedMass: 0,
      activeDays: 0,
      top: [{ kind: 'TASK_FAILED', count: 2, mass: 3, dayCap: '3.0 a day', observations: ['o1'], auditIds: [] }],
    },
    compliance: family(0, 1_500),
    security: family(1_300, 1_500),
    reputation: family(0, 1_000),
  },
  caps: [{ cap: 'EVIDENCE', limit: 6_499, binding: true, why: 'little work', until: AT }],
  binding: ['EVIDENCE'],
  whatWouldHelp: ['clean scan: up to 5.00 more'],
  gates: [
    {
      gate: 'writer -> vault: connection',
      required: { level: 'VERIFIED' },
      actual: { score: 3_300, level: 'LIMITED' },
      pass: false,
    },
  ],
};

describe('trust on one screen', () => {
  const lines = trustLines({
    breakdown: BREAKDOWN,
    history: [{ at: AT, score: 900, raw: 900, level: 'UNTRUSTED', families: {}, binding: [], trigger: 'FIRST' }],
  });

  it('shows points with two digits', () => {
    expect([hundredths(3_300), hundredths(0), hundredths(10_000)]).toEqual(['33.00', '0.00', '100.00']);
    expect(lines[0]).toBe(`writer  33.00  LIMITED since ${AT}  (trust/1, before caps 33.00)`);
  });

  it.each([
    ['the families', /^identity\s+10\.00 of 20\.00\s+registration\s+OPERATOR\s+10\.00 of 20\.00$/],
    ['what was wrong', /^TASK_FAILED {2}2 times, weighs 3\.0 \(at most 3\.0 a day\)$/],
    ['the ids that a void names under it', /^ {2}o1$/],
    ['what holds the score down', /^EVIDENCE {2}64\.99 {2}BINDING {2}little work, until/],
    ['gates that fail', /^FAIL {2}writer -> vault: connection {2}asks VERIFIED, has 33\.00 LIMITED$/],
    ['what would help', /^- clean scan: up to 5\.00 more$/],
    ['history', /9\.00 {2}UNTRUSTED {4}FIRST/],
  ])('tells %s', (_, line) => {
    expect(lines).toContainEqual(expect.stringMatching(line));
  });

  it('fits one screen', () => {
    expect(lines.length).toBeLessThanOrEqual(40);
  });
});
