import type { TrustLevel } from '@countersign/contracts';
import type { Family } from './algorithm.js';
import { capsOf, type Cap } from './caps.js';
import type { Evidence } from './evidence.js';
import { behaviourPoints, expectation } from './families/behaviour.js';
import { compliancePoints } from './families/compliance.js';
import { identityPoints } from './families/identity.js';
import { securityPoints } from './families/security.js';
import { levelOf } from './levels.js';
import { weigh, type Masses } from './masses.js';

/** A score with everything that made it; points in hundredths. */
export interface ScoreBreakdown {
  readonly score: number;
  readonly raw: number;
  readonly level: TrustLevel;
  readonly families: Readonly<Record<Family, number>>;
  readonly masses: Masses;
  readonly expectation: number;
  readonly caps: readonly Cap[];
  /** Caps that hold the score down. */
  readonly binding: readonly Cap['cap'][];
}

/** The trust score of stored evidence at an instant (ms): pure, the same on every replica. Reputation is attestations only, and there are none yet. */
export function scoreOf(evidence: Evidence, now: number): ScoreBreakdown {
  const masses = weigh(evidence, now);
  const families = {
    identity: identityPoints(evidence),
    behaviour: behaviourPoints(masses),
    compliance: compliancePoints(evidence.compliance, now),
    security: securityPoints(evidence.security),
    reputation: 0,
  };
  const raw = Object.values(families).reduce((a, b) => a + b, 0);
  const caps = capsOf(masses, evidence, now);
  const ceiling = Math.min(10_000, ...caps.map((c) => c.limit));
  const score = Math.max(0, Math.min(raw, ceiling));
  const binding = ceiling < raw ? caps.filter((c) => c.limit === ceiling).map((c) => c.cap) : [];
  return { score, raw, level: levelOf(score), families, masses, expectation: expectation(masses), caps, binding };
}
