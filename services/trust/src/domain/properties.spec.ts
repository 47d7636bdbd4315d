import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS as DAY, HALF_LIFE_MS, WEIGHTS, type Family } from './algorithm.js';
import type { Evidence } from './evidence.js';
import { levelOf, nextLevel, rankOf, type LevelState } from './levels.js';
import { decay, weigh } from './masses.js';
import { NEGATIVE_KINDS, type NegativeKindName, type Observation } from './observation.js';
import { scoreOf } from './score.js';
import { CASE_NOW as NOW } from './spec-support/case-evidence.js';

const KINDS = Object.keys(NEGATIVE_KINDS) as NegativeKindName[];
const LEVELS = ['HUMAN', 'TRUSTED', 'VERIFIED', 'PROVISIONAL', 'LIMITED', 'UNTRUSTED'] as const;
const at = fc.integer({ min: NOW - 200 * DAY, max: NOW });
const some = <const T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
/** A record without the fields that were not drawn. */
const partial = <T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }, required: (keyof T)[]) =>
  fc.record(shape, { requiredKeys: required });

const negative = partial(
  {
    id: fc.uuid(),
    kind: some(...KINDS),
    at,
    counterparty: some('o1', 'o2', 'user:o1'),
    connection: some('c1', 'c2'),
    value: some('x', 'y'),
    observerOrg: some('me', 'theirs', 'f1', 'f2'),
  },
  ['id', 'kind', 'at', 'counterparty'],
) as fc.Arbitrary<Observation>;
const positive = fc.record({
  id: fc.uuid(),
  kind: fc.constant('TASK_CLEAN' as const),
  at,
  counterparty: some('o1', 'o2', 'o3', 'user:o1'),
  counterpartyLevel: some(...LEVELS),
}) as fc.Arbitrary<Observation>;
const observations = fc.array(fc.oneof(positive, positive, positive, negative), { maxLength: 120 });
const credential = some('MTLS', 'PRIVATE_KEY_JWT', 'SECRET_JWT', 'STATIC_SECRET');
const agent = partial(
  {
    viewerOrg: fc.constant('me'),
    org: fc.constant('theirs'),
    ownerGroup: some('o1', 'user:o1'),
    status: some('ACTIVE', 'ACTIVE', 'ACTIVE', 'SUSPENDED'),
    liveCredentials: fc.array(credential, { maxLength: 2 }),
    registration: some('WORKLOAD_ATTESTED', 'DOMAIN_VERIFIED', 'OPERATOR', 'SELF'),
    compliance: partial(
      {
        knownSoftwareDigest: fc.boolean(),
        scan: fc.record({
          at: fc.integer({ min: NOW - 100 * DAY, max: NOW }),
          openCritical: fc.nat(1),
          openHigh: fc.nat(1),
        }),
        environmentApproved: fc.boolean(),
        dataDeclaration: fc.record({ at: fc.integer({ min: NOW - 900 * DAY, max: NOW }) }),
      },
      [],
    ),
    security: fc.record({
      oldestCredentialAge: fc.integer({ min: 0, max: 400 * DAY }),
      rotationPeriod: fc.constant(90 * DAY),
      tokenTtlSeconds: some(300, 900, 3_600, 86_400),
      wildcardGrant: fc.boolean(),
      grantAge: fc.integer({ min: 0, max: 60 * DAY }),
      usedGrants: fc.nat(5),
      grants: fc.constant(5),
      endpointOk: fc.boolean(),
      noEndpoint: fc.boolean(),
    }),
    observations,
    inheritedNegative: fc.double({ min: 0, max: 40, noNaN: true }),
    anomalySince: some(NOW - DAY, NOW - 1_000),
    probation: fc.constant({ until: NOW + DAY, reason: 'incident' }),
    ceiling: fc.record({
      score: fc.integer({ min: 0, max: 10_000 }),
      until: fc.constant(NOW + DAY),
      reason: fc.constant('owner'),
    }),
  },
  [
    'viewerOrg',
    'org',
    'status',
    'liveCredentials',
    'registration',
    'compliance',
    'security',
    'observations',
    'inheritedNegative',
  ],
) as fc.Arbitrary<Evidence>;

const holds = <T extends [unknown, ...unknown[]]>(
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  predicate: (...args: T) => boolean,
): void => fc.assert(fc.property<T>(...arbitraries, predicate), { numRuns: 1_000 });
const total = (evidence: Evidence, now = NOW): number => scoreOf(evidence, now).score;
const plus = (evidence: Evidence, more: Observation): Evidence => ({
  ...evidence,
  observations: [...evidence.observations, more],
});

describe('the score, whatever the evidence', () => {
  it('T1 is 0 to 100, each family whole and within its weight', () => {
    holds([agent], (a) => {
      const { score, families } = scoreOf(a, NOW);
      const within = ([family, points]: [string, number]): boolean =>
        Number.isInteger(points) && points >= 0 && points <= WEIGHTS[family as Family];
      return score >= 0 && score <= 10_000 && Object.entries(families).every(within);
    });
  });

  it('T2 is never raised by one more violation', () => {
    holds([agent, negative], (a, n) => total(plus(a, n)) <= total(a));
  });

  it('T3 is never lowered by one more clean task', () => {
    holds([agent, positive], (a, p) => total(plus(a, p)) >= total(a));
  });

  it('T7 never gains from idle time more than a newcomer has', () => {
    holds([agent, fc.integer({ min: 1, max: 400 })], (a, days) => {
      const later = NOW + days * DAY;
      const inheritedNegative = a.inheritedNegative * decay(days * DAY, HALF_LIFE_MS.negative);
      const before = scoreOf(a, NOW).expectation;
      return scoreOf({ ...a, inheritedNegative }, later).expectation <= Math.max(before, 0.25) + 1e-9;
    });
  });

  it('T8 gains no identity from one more live credential', () => {
    holds([agent, credential], (a, more) => {
      if (a.liveCredentials.length === 0) return true;
      const liveCredentials = [...a.liveCredentials, more];
      return scoreOf({ ...a, liveCredentials }, NOW).families.identity <= scoreOf(a, NOW).families.identity;
    });
  });

  it('T9 is not better for a newcomer who inherits than for one who does not', () => {
    holds([agent], (a) => {
      const newcomer = { ...a, observations: [] };
      return total(newcomer) <= total({ ...newcomer, inheritedNegative: 0 });
    });
  });

  it('T10 has at most 25 of clean work for every owner, whatever the volume', () => {
    holds([agent, fc.array(positive, { maxLength: 400 })], (a, work) => {
      const owners = new Set(work.map((o) => o.counterparty.replace('user:', ''))).size;
      return weigh({ ...a, observations: work }, NOW).positive <= 25 * owners + 1e-9;
    });
  });

  it('T11 does not depend on the order of events at all', () => {
    holds([agent], (a) => {
      const [one, other] = [scoreOf(a, NOW), scoreOf({ ...a, observations: [...a.observations].reverse() }, NOW)];
      return one.score === other.score && one.raw === other.raw && one.masses.negative === other.masses.negative;
    });
  });

  it('T12 has a level that is never above the score’s, falls at once and rises one step', () => {
    const walk = fc.array(fc.tuple(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 3 * DAY })), {
      minLength: 1,
      maxLength: 40,
    });
    holds([walk], (steps) => {
      let [state, now]: [LevelState | undefined, number] = [undefined, NOW];
      return steps.every(([score, wait]) => {
        now += wait;
        const before = state;
        state = nextLevel(before, score, now);
        const step = before === undefined ? 0 : rankOf(state.level) - rankOf(before.level);
        return rankOf(state.level) <= rankOf(levelOf(score)) && step <= 1;
      });
    });
  });

  it('T13 is never lowered by a void of a violation', () => {
    holds([agent, fc.nat(200)], (a, i) => {
      const voided = a.observations[i % Math.max(1, a.observations.length)];
      if (voided === undefined || voided.kind === 'TASK_CLEAN') return true;
      const rest = a.observations.map((o) => (o === voided ? { ...o, voided: true } : o));
      return total({ ...a, observations: rest }) >= total(a);
    });
  });

  it('T14 loses at most 10 of mass to foreign organisations together, and gets no cap of theirs', () => {
    holds([agent, fc.array(negative, { maxLength: 60 })], (a, all) => {
      const foreign = all.map((o) => ({ ...o, observerOrg: 'f1' }));
      const { masses, caps } = scoreOf({ ...a, inheritedNegative: 0, observations: foreign }, NOW);
      return masses.negative <= 10 + 1e-9 && !caps.some(({ cap }) => cap.startsWith('RECENT'));
    });
  });

  it('T15 loses a bounded mass in a day of low and client-side medium events', () => {
    const kinds = [
      'RATE_LIMITED',
      'WINDOW_VIOLATION',
      'SPEND_CAP_HIT',
      'POLICY_SCOPE_VIOLATION',
      'INPUT_BLOCKED',
      'APPROVAL_REJECTED',
    ];
    holds([agent, fc.array(negative, { maxLength: 200 })], (a, all) => {
      const day = all
        .filter(({ kind }) => kinds.includes(kind))
        .map(({ observerOrg: _observer, ...o }): Observation => ({ ...o, at: NOW }));
      return weigh({ ...a, inheritedNegative: 0, observations: day }, NOW).negative <= 15 + 1e-9;
    });
  });

  it('T16 never passes 84.99 by work for the own owner alone', () => {
    holds([agent], (a) => {
      const own = a.observations.map((o) => (o.kind === 'TASK_CLEAN' ? { ...o, counterparty: 'o1' } : o));
      const { score, masses } = scoreOf({ ...a, ownerGroup: 'o1', observations: own }, NOW);
      return score <= 8_499 && masses.positive <= 12.5 + 1e-9;
    });
  });

  it('T17 is not pushed into the two lowest tiers by one client group alone', () => {
    const kinds = ['TASK_FAILED', 'TASK_TIMEOUT', 'OUTPUT_BLOCKED'];
    holds([agent, fc.array(negative, { maxLength: 200 })], (a, all) => {
      const one = all.filter(({ kind }) => kinds.includes(kind)).map((o) => ({ ...o, counterparty: 'o1' }));
      const { caps } = scoreOf({ ...a, inheritedNegative: 0, observations: one }, NOW);
      return !caps.some(({ cap, limit }) => cap === 'VIOLATION_RATIO' && limit < 6_499);
    });
  });
});
