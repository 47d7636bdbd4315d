import { DAY_MS } from '../algorithm.js';
import type { SecurityFacts } from '../evidence.js';
import { freshness } from './freshness.js';

/** Rotation 5.00, short tokens 3.00, least privilege 4.00, endpoint 3.00; in hundredths. */
export function securityPoints(facts: SecurityFacts | undefined): number {
  if (facts === undefined) return 0;
  const rotation = Math.floor(500 * freshness(facts.oldestCredentialAge, facts.rotationPeriod));
  const tokens = facts.tokenTtlSeconds <= 900 ? 300 : facts.tokenTtlSeconds <= 3_600 ? 150 : 0;
  return rotation + tokens + privilegePoints(facts) + (facts.endpointOk || facts.noEndpoint ? 300 : 0);
}

function privilegePoints({ wildcardGrant, grantAge, usedGrants, grants }: SecurityFacts): number {
  if (wildcardGrant) return 0;
  return grantAge < 30 * DAY_MS ? 200 : Math.floor(400 * (usedGrants / Math.max(1, grants)));
}
