import { DAY_MS } from '../algorithm.js';
import type { SecurityFacts } from '../evidence.js';
import { freshness } from './freshness.js';
import type { PointsFact } from './points.js';

/** Grants younger than this give half the points of least privilege whatever was used. */
export const YOUNG_GRANTS_MS = 30 * DAY_MS;

/** Rotation 5.00, short tokens 3.00, least privilege 4.00, endpoint 3.00; in hundredths. An agent without a live credential has none of it. */
export function securityFacts(facts: SecurityFacts | undefined): readonly PointsFact[] {
  if (facts === undefined) return [{ fact: 'live credential', value: 'none', points: 0, max: 1_500 }];
  const { oldestCredentialAge: age, rotationPeriod, tokenTtlSeconds: ttl, endpointOk, noEndpoint } = facts;
  return [
    {
      fact: 'rotation',
      value: `${Math.floor(age / DAY_MS)} d of ${Math.round(rotationPeriod / DAY_MS)} d`,
      points: Math.floor(500 * freshness(age, rotationPeriod)),
      max: 500,
    },
    { fact: 'token lifetime', value: `${ttl} s`, points: ttl <= 900 ? 300 : ttl <= 3_600 ? 150 : 0, max: 300 },
    privilegeFact(facts),
    {
      fact: 'endpoint',
      value: noEndpoint ? 'none, delivery over the bus' : endpointOk ? 'validated' : 'not validated',
      points: endpointOk || noEndpoint ? 300 : 0,
      max: 300,
    },
  ];
}

function privilegeFact({ wildcardGrant, grantAge, usedGrants, grants }: SecurityFacts): PointsFact {
  const head = { fact: 'least privilege', max: 400 };
  if (wildcardGrant) return { ...head, value: 'a grant allows anything', points: 0 };
  if (grantAge < YOUNG_GRANTS_MS)
    return { ...head, value: `grants ${Math.floor(grantAge / DAY_MS)} d old`, points: 200 };
  const points = Math.floor(400 * (usedGrants / Math.max(1, grants)));
  return { ...head, value: `${usedGrants} of ${grants} used in 30 d`, points };
}
