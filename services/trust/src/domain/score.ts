import type { TrustLevel } from '@countersign/contracts';
import type { Family } from './algorithm.js';
import { capsOf, type Cap } from './caps.js';
import type { Evidence } from './evidence.js';
import { behaviourFacts, expectation } from './families/behaviour.js';
import { complianceFacts } from './families/compliance.js';
import { identityFacts } from './families/identity.js';
import { sumOf, type PointsFact } from './families/points.js';
import { securityFacts } from './families/security.js';
import { levelOf } from './levels.js';
import { weigh, type Masses } from './masses.js';

/** A score with everything that made it; points in hundredths. */
export interface ScoreBreakdown {
  readonly score: number;
  readonly raw: number;
  readonly level: TrustLevel;
  readonly families: Readonly<Record<Family, number>>;
  readonly facts: Readonly<Record<Family, readonly PointsFact[]>>;
  readonly masses: Masses;
  readonly expectation: number;
  readonly caps: readonly Cap[];
  /** Caps that hold the score down. */
  readonly binding: readonly Cap['cap'][];
}

/** The trust score of stored evidence at an instant (ms): pure, the same on every replica. Reputation is signed attestations only, and none are taken yet. */
export function scoreOf(evidence: Evidence, now: number): ScoreBreakdown {
  const masses = weigh(evidence, now);
  const facts = {
    identity: identityFacts(evidence),
    behaviour: behaviourFacts(masses),
    compliance: complianceFacts(evidence.compliance, now),
    security: securityFacts(evidence.security),
    reputation: [{ fact: 'signed attestations', value: 'none are taken yet', points: 0, max: 1_000 }],
  };
  const families = {
    identity: sumOf(facts.identity),
    behaviour: sumOf(facts.behaviour),
    compliance: sumOf(facts.compliance),
    security: sumOf(facts.security),
    reputation: sumOf(facts.reputation),
  };
  const raw = Object.values(families).reduce((a, b) => a + b, 0);
  const caps = capsOf(masses, evidence, now);
  return { ...bounded(raw, caps), raw, families, facts, masses, expectation: expectation(masses), caps };
}

/** A raw score under its caps. */
export function bounded(raw: number, caps: readonly Cap[]): Pick<ScoreBreakdown, 'score' | 'level' | 'binding'> {
  const ceiling = Math.min(10_000, ...caps.map((c) => c.limit));
  const score = Math.max(0, Math.min(raw, ceiling));
  const binding = ceiling < raw ? caps.filter((c) => c.limit === ceiling).map((c) => c.cap) : [];
  return { score, level: levelOf(score), binding };
}
