import { describe, expect, it } from '@jest/globals';
import type { TrustLevel } from '@countersign/contracts';
import { assertWeights, DAY_MS as DAY } from './algorithm.js';
import type { Evidence, SecurityFacts } from './evidence.js';
import { nextLevel, type LevelState } from './levels.js';
import type { NegativeKindName, Observation } from './observation.js';
import { scoreOf } from './score.js';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const SEC_NEW: SecurityFacts = {
  oldestCredentialAge: DAY,
  rotationPeriod: 90 * DAY,
  tokenTtlSeconds: 900,
  wildcardGrant: false,
  grantAge: 0,
  endpointOk: true,
  noEndpoint: false,
  usedGrants: 0,
  grants: 5,
};
const SEC_MATURE: SecurityFacts = {
  ...SEC_NEW,
  oldestCredentialAge: 30 * DAY,
  grantAge: 60 * DAY,
  usedGrants: 4,
  grants: 5,
};
const COMP_FULL = {
  knownSoftwareDigest: true,
  scan: { at: NOW - 5 * DAY, openCritical: 0, openHigh: 0 },
  environmentApproved: true,
  dataDeclaration: { at: NOW - 10 * DAY },
};

let next = 0;
const pos = (
  days: number,
  groups: number,
  level: TrustLevel | 'HUMAN' = 'VERIFIED',
  perDay = 5,
  owner?: string,
): Observation[] =>
  Array.from({ length: groups }, (_, g) =>
    Array.from({ length: days }, (_, d) =>
      Array.from({ length: perDay }, (_, k): Observation => ({
        id: `p${(next += 1)}`,
        kind: 'TASK_CLEAN',
        at: NOW - d * DAY - 3_600_000 - k,
        counterparty: owner ?? `cp${g}`,
        counterpartyLevel: level,
      })),
    ),
  ).flat(2);
const neg = (kind: NegativeKindName, ageDays: number, more: Partial<Observation> = {}): Observation => {
  next += 1;
  return {
    id: `n${String(next).padStart(6, '0')}`,
    kind,
    at: NOW - ageDays * DAY,
    connection: 'c',
    code: kind,
    value: `v${next}`,
    counterparty: 'cp0',
    ...more,
  };
};
const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const evidence = (more: Partial<Evidence>): Evidence => ({
  status: 'ACTIVE',
  liveCredentials: ['SECRET_JWT'],
  registration: 'OPERATOR',
  compliance: {},
  security: SEC_NEW,
  observations: [],
  inheritedNegative: 0,
  ...more,
});

const NATS_ONLY = { ...SEC_NEW, endpointOk: false, noEndpoint: true, wildcardGrant: true };
const E1 = evidence({});
const E1C = evidence({ security: NATS_ONLY });
const E2 = evidence({ liveCredentials: ['MTLS'], registration: 'WORKLOAD_ATTESTED', compliance: COMP_FULL });
const E4 = evidence({
  liveCredentials: ['MTLS'],
  registration: 'WORKLOAD_ATTESTED',
  compliance: COMP_FULL,
  security: SEC_MATURE,
  observations: pos(30, 4),
});
const wrong = (n: number, age = 0): Observation[] => many(n, () => neg('POLICY_SCOPE_VIOLATION', age));
const own = (others: number): Observation[] => [...pos(30, 1, 'VERIFIED', 5, 'U'), ...pos(30, others)];
const foreign = { viewerOrg: 'me', org: 'theirs' };

const EXAMPLES: readonly (readonly [id: string, evidence: Evidence, score: number, level: TrustLevel, at?: number])[] =
  [
    ['E1 new, secret, operator', E1, 33.0, 'LIMITED'],
    [
      'E1b self-registered static secret, wildcard grant',
      evidence({
        liveCredentials: ['STATIC_SECRET'],
        registration: 'SELF',
        security: { ...SEC_NEW, tokenTtlSeconds: 86_400, wildcardGrant: true, endpointOk: false },
      }),
      18.0,
      'UNTRUSTED',
    ],
    ['E1c over NATS only, one null list', E1C, 31.0, 'LIMITED'],
    ['E1d E1c and one scope violation', { ...E1C, observations: wrong(1) }, 26.71, 'LIMITED'],
    ['E2 new, mTLS, attested, compliant', E2, 58.0, 'PROVISIONAL'],
    ['E4 mature', E4, 88.04, 'TRUSTED'],
    [
      'E9 mature, secret only, no compliance facts',
      evidence({ security: SEC_MATURE, observations: pos(30, 4) }),
      63.04,
      'PROVISIONAL',
    ],
    ['E10 E4 with an old secret still live', { ...E4, liveCredentials: ['MTLS', 'SECRET_JWT'] }, 82.04, 'VERIFIED'],
    ['E11 E4 with one owner group', { ...E4, observations: pos(30, 1) }, 84.99, 'VERIFIED'],
    ['E11b the same, 500 tasks a day', { ...E4, observations: pos(30, 1, 'VERIFIED', 500) }, 84.99, 'VERIFIED'],
    [
      'E11c1 20 LIMITED agents of one owner',
      { ...E4, observations: many(20, () => pos(30, 1, 'LIMITED', 5, 'owner1')).flat() },
      84.99,
      'VERIFIED',
    ],
    ['E11d 20 UNTRUSTED counterparties', { ...E4, observations: pos(30, 20, 'UNTRUSTED') }, 59.2, 'PROVISIONAL'],
    ['E12 E4 28 days later, idle', E4, 87.26, 'TRUSTED', NOW + 28 * DAY],
    ['E12b E4 60 days later, idle', E4, 78.31, 'VERIFIED', NOW + 60 * DAY],
    ['E13 E2 with inherited negative mass 8', { ...E2, inheritedNegative: 8 }, 24.99, 'UNTRUSTED'],
    ['E14 E1 and one scope violation', { ...E1, observations: wrong(1) }, 28.71, 'LIMITED'],
    ['E14b 3 different wrong task types in a day', { ...E1, observations: wrong(3) }, 27.0, 'LIMITED'],
    ['E14c 10 different wrong task types in a day', { ...E1, observations: wrong(10) }, 27.0, 'LIMITED'],
    [
      'E14d the same wrong task type 60 times',
      { ...E1, observations: many(60, () => neg('POLICY_SCOPE_VIOLATION', 0, { value: 'deploy' })) },
      28.71,
      'LIMITED',
    ],
    [
      'E14e 60 polls outside the window',
      { ...E1, observations: many(60, (i) => neg('WINDOW_VIOLATION', 0, { at: NOW - 60_000 * i, value: 'w1' })) },
      31.0,
      'LIMITED',
    ],
    [
      'E14f 10 wrong task types on each of 4 days',
      { ...E1, observations: [0, 1, 2, 3].flatMap((d) => wrong(10, d)) },
      24.47,
      'UNTRUSTED',
    ],
    [
      'E15 E4 and 100 different RATE_LIMITED in a day',
      { ...E4, observations: [...pos(30, 4), ...many(100, (i) => neg('RATE_LIMITED', 0, { at: NOW - 1000 * i }))] },
      86.95,
      'TRUSTED',
    ],
    [
      'E15b the same 100 identical',
      {
        ...E4,
        observations: [
          ...pos(30, 4),
          ...many(100, (i) => neg('RATE_LIMITED', 0, { at: NOW - 1000 * i, value: 'minute' })),
        ],
      },
      87.86,
      'TRUSTED',
    ],
    ['E16 suspended', { ...E4, status: 'SUSPENDED' }, 0, 'UNTRUSTED'],
    [
      'E17 all work for its own owner',
      {
        ...E4,
        ownerGroup: 'U',
        observations: [...pos(30, 1, 'VERIFIED', 5, 'U'), ...pos(30, 1, 'HUMAN', 5, 'user:U')],
      },
      81.92,
      'VERIFIED',
    ],
    ['E17b with one other owner', { ...E4, ownerGroup: 'U', observations: own(1) }, 84.99, 'VERIFIED'],
    ['E17c with two other owners', { ...E4, ownerGroup: 'U', observations: own(2) }, 87.39, 'TRUSTED'],
    [
      'E18 one DELEGATION_VIOLATION seen by a foreign organisation',
      { ...E4, ...foreign, observations: [...pos(30, 4), neg('DELEGATION_VIOLATION', 0, { observerOrg: 'x1' })] },
      84.99,
      'VERIFIED',
    ],
    [
      'E18 seen by the viewer',
      { ...E4, ...foreign, observations: [...pos(30, 4), neg('DELEGATION_VIOLATION', 0, { observerOrg: 'me' })] },
      49.99,
      'LIMITED',
    ],
    [
      'E18b five foreign organisations, three HIGH each',
      {
        ...E4,
        ...foreign,
        observations: [
          ...pos(30, 1),
          ...['x1', 'x2', 'x3', 'x4', 'x5'].flatMap((x) =>
            many(3, () => neg('DELEGATION_VIOLATION', 0, { observerOrg: x })),
          ),
        ],
      },
      64.99,
      'PROVISIONAL',
    ],
    ['E19 a CRITICAL anomaly alert fires for an hour', { ...E4, anomalySince: NOW - 3_600_000 }, 64.99, 'PROVISIONAL'],
    ['E19b the alert is a day old', { ...E4, anomalySince: NOW - DAY }, 88.04, 'TRUSTED'],
    [
      'E20 a hostile client: 50 time-outs a day for 10 days',
      { ...E4, observations: [...pos(30, 4), ...many(500, (i) => neg('TASK_TIMEOUT', i % 10))] },
      64.99,
      'PROVISIONAL',
    ],
  ];

describe('the trust score', () => {
  it.each(EXAMPLES)('%s', (_id, given, score, level, at = NOW) => {
    const found = scoreOf(given, at);
    expect([found.score / 100, found.level]).toEqual([score, level]);
  });

  it('weighs exactly 100.00', () => {
    expect(() => assertWeights()).not.toThrow();
  });

  it('does not depend on the order of events', () => {
    const observations = [...pos(30, 4), ...wrong(5, 1), neg('OUTPUT_BLOCKED', 2)];
    expect(scoreOf({ ...E4, observations: [...observations].reverse() }, NOW)).toEqual(
      scoreOf({ ...E4, observations }, NOW),
    );
  });

  it('refuses a kind that is not in the catalogue', () => {
    expect(() =>
      scoreOf({ ...E4, observations: [{ ...neg('TASK_FAILED', 0), kind: 'GOSSIP' as NegativeKindName }] }, NOW),
    ).toThrow('unknown kind');
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
