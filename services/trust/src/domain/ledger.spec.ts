import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS as DAY } from './algorithm.js';
import { capsOf } from './caps.js';
import type { Evidence } from './evidence.js';
import { Ledger } from './ledger.js';
import { weigh } from './masses.js';
import type { NegativeKindName, Observation } from './observation.js';
import { scoreOf } from './score.js';
import { CASE_NOW as NOW, evidenceOf } from './spec-support/case-evidence.js';
import { EVIDENCE_NOW, randomEvidence } from './spec-support/random-evidence.js';

function keptOf(observations: readonly Observation[], now: number): readonly Observation[] {
  const ledger = new Ledger();
  for (const observation of observations) ledger.add(observation, now);
  return ledger.observations(now);
}

const withKept = (evidence: Evidence, now: number): Evidence => ({
  ...evidence,
  observations: keptOf(evidence.observations, now),
});

/** Few names and few days, so that every bound of a day is reached. */
const crowded = fc.array(
  fc.record({
    id: fc.uuid(),
    kind: fc.constantFrom(
      ...(['TASK_CLEAN', 'TASK_CLEAN', 'RATE_LIMITED', 'POLICY_SCOPE_VIOLATION', 'INPUT_BLOCKED'] as const),
      ...(['TASK_FAILED', 'OUTPUT_BLOCKED', 'INJECTION_SENT', 'CANARY_LEAK', 'ANOMALY_CONFIRMED'] as const),
    ),
    at: fc.integer({ min: NOW - 2 * DAY, max: NOW + 1_000 }),
    counterparty: fc.constantFrom('o1', 'user:o1', 'o2'),
    counterpartyLevel: fc.constantFrom('TRUSTED', 'PROVISIONAL', 'LIMITED', 'UNTRUSTED'),
    connection: fc.constantFrom('c1', 'c2'),
    value: fc.integer({ min: 0, max: 30 }).map(String),
    observerOrg: fc.constantFrom('me', 'theirs', 'f1', 'f2'),
  }),
  { maxLength: 300 },
) as fc.Arbitrary<Observation[]>;

const AGENT: Evidence = { ...evidenceOf({ agent: 'mature' }), viewerOrg: 'me', org: 'theirs', ownerGroup: 'o1' };

describe('what is kept of the observations of an agent', () => {
  it('weighs exactly what all of them weigh, now and later', () => {
    fc.assert(
      fc.property(crowded, fc.integer({ min: 0, max: 60 }), (observations, days) => {
        const now = NOW + days * DAY;
        const ledger = new Ledger();
        for (const observation of observations) ledger.add(observation, NOW);
        const all = { ...AGENT, observations };
        const kept = { ...AGENT, observations: ledger.observations(now) };
        expect(weigh(kept, now)).toEqual(weigh(all, now));
        expect(capsOf(weigh(kept, now), kept, now)).toEqual(capsOf(weigh(all, now), all, now));
      }),
      { numRuns: 500 },
    );
  });

  it('gives the score of all of them for evidence of any sort', () => {
    for (let seed = 0; seed < 3_000; seed += 1) {
      const evidence = randomEvidence(seed);
      expect(scoreOf(withKept(evidence, EVIDENCE_NOW), EVIDENCE_NOW)).toEqual(scoreOf(evidence, EVIDENCE_NOW));
    }
  });

  it('knows no order, and nothing twice', () => {
    fc.assert(
      fc.property(crowded, (observations) => {
        const byId = (list: readonly Observation[]): readonly Observation[] =>
          [...list].sort((a, b) => (a.id < b.id ? -1 : 1));
        const again = [...observations, ...[...observations].reverse()];
        expect(byId(keptOf(again, NOW))).toEqual(byId(keptOf(observations, NOW)));
      }),
      { numRuns: 200 },
    );
  });

  it('is little for an agent with a hundred thousand observations', () => {
    const observations = Array.from({ length: 100_000 }, (_, i): Observation => ({
      id: `o${String(i).padStart(6, '0')}`,
      kind: i % 50 === 0 ? 'POLICY_SCOPE_VIOLATION' : 'TASK_CLEAN',
      at: NOW - (i % 30) * DAY - i,
      counterparty: `cp${i % 4}`,
      counterpartyLevel: 'VERIFIED',
      connection: 'c',
      value: `type-${i}`,
    }));
    const evidence = { ...AGENT, observations };
    const kept = withKept(evidence, NOW);
    // ten a day and owner, eight violations a day, and the newest of each day
    expect(kept.observations.length).toBeLessThanOrEqual(31 * (4 * 10 + 8 + 1));
    expect(scoreOf(kept, NOW)).toEqual(scoreOf(evidence, NOW));
  });

  it('holds back what is of the future until its time', () => {
    const ledger = new Ledger();
    const observation = {
      id: 'n1',
      kind: 'TASK_FAILED',
      at: NOW + 5,
      counterparty: 'cp',
      code: 'TASK_FAILED',
    } as const;
    ledger.add(observation, NOW);
    expect(ledger.observations(NOW)).toEqual([]);
    expect(ledger.observations(NOW + 5)).toEqual([observation]);
  });

  it('keeps a kind that nobody knows, and weighing it throws', () => {
    const gossip = { id: 'g', kind: 'GOSSIP' as NegativeKindName, at: NOW, counterparty: 'cp0' };
    expect(() => weigh({ ...AGENT, observations: keptOf([gossip], NOW) }, NOW)).toThrow('unknown kind');
  });

  it('leaves out clean work that is too old, and no violation ever', () => {
    const old = NOW - 500 * DAY;
    const clean = { id: 'p', kind: 'TASK_CLEAN', at: old, counterparty: 'cp', counterpartyLevel: 'TRUSTED' } as const;
    const violation = { id: 'n', kind: 'CANARY_LEAK', at: old, counterparty: 'cp', code: 'CANARY_LEAK' } as const;
    expect(keptOf([clean, violation], NOW)).toEqual([violation]);
  });
});
