import { DAY_MS as DAY } from '../algorithm.js';
import type { Evidence } from '../evidence.js';
import type { Observation, ObservationKind } from '../observation.js';

/** The instant of the cases. */
export const CASE_NOW = Date.parse('2026-11-22T12:00:00Z');

/** Clean work of a case. */
export interface Work {
  readonly days: number;
  readonly groups: number;
  readonly perDay?: number;
  readonly level?: NonNullable<Observation['counterpartyLevel']>;
  readonly owner?: string;
}

/** Violations of a case. */
export interface Wrong {
  readonly kind: ObservationKind;
  readonly count?: number;
  readonly age?: number;
  readonly every?: number;
  readonly overDays?: number;
  readonly same?: string;
  readonly clients?: number;
  readonly observers?: readonly string[];
  readonly voided?: boolean;
}

/** Changes of the agent of a case. */
export interface With {
  readonly credentials?: Evidence['liveCredentials'];
  readonly registration?: Evidence['registration'];
  readonly wildcard?: boolean;
  readonly tokenTtl?: number;
  readonly endpoint?: 'none' | 'unchecked';
  readonly mature?: boolean;
  readonly inherited?: number;
  readonly status?: Evidence['status'];
  readonly owner?: string;
  readonly foreign?: boolean;
  readonly anomalyHours?: number;
  readonly ceiling?: number;
  readonly ceilingEnds?: 'now';
  readonly probation?: boolean;
}

/** The given part of a case. */
export interface CaseGiven {
  readonly agent: 'new' | 'compliant' | 'mature';
  readonly with?: With;
  readonly work?: readonly Work[];
  readonly wrong?: readonly Wrong[];
}

const PROVEN: Evidence['compliance'] = {
  knownSoftwareDigest: true,
  scan: { at: CASE_NOW - 5 * DAY, openCritical: 0, openHigh: 0 },
  environmentApproved: true,
  dataDeclaration: { at: CASE_NOW - 10 * DAY },
};

/** The evidence that a case describes. */
export function evidenceOf({ agent, with: change = {}, work = [], wrong = [] }: CaseGiven): Evidence {
  const strong = agent !== 'new';
  return {
    status: change.status ?? 'ACTIVE',
    liveCredentials: change.credentials ?? [strong ? 'MTLS' : 'SECRET_JWT'],
    registration: change.registration ?? (strong ? 'WORKLOAD_ATTESTED' : 'OPERATOR'),
    compliance: strong ? PROVEN : {},
    security: securityOf(change, agent === 'mature' || change.mature === true),
    observations: [...work.flatMap(workOf), ...wrong.flatMap(wrongOf)],
    inheritedNegative: change.inherited ?? 0,
    ...(change.owner === undefined ? {} : { ownerGroup: change.owner }),
    ...(change.foreign === true ? { viewerOrg: 'me', org: 'theirs' } : {}),
    ...(change.anomalyHours === undefined ? {} : { anomalySince: CASE_NOW - change.anomalyHours * 3_600_000 }),
    ...(change.probation === true ? { probation: { until: CASE_NOW + 7 * DAY, reason: 'incident' } } : {}),
    ...ceilingOf(change),
  };
}

function ceilingOf({ ceiling, ceilingEnds }: With): Pick<Evidence, 'ceiling'> {
  const until = ceilingEnds === 'now' ? CASE_NOW : CASE_NOW + DAY;
  return ceiling === undefined ? {} : { ceiling: { score: Math.round(ceiling * 100), until, reason: 'owner' } };
}

function securityOf({ wildcard, tokenTtl, endpoint }: With, mature: boolean): Evidence['security'] {
  return {
    oldestCredentialAge: mature ? 30 * DAY : DAY,
    rotationPeriod: 90 * DAY,
    tokenTtlSeconds: tokenTtl ?? 900,
    wildcardGrant: wildcard ?? false,
    grantAge: mature ? 60 * DAY : 0,
    usedGrants: mature ? 4 : 0,
    grants: 5,
    endpointOk: endpoint === undefined,
    noEndpoint: endpoint === 'none',
  };
}

const times = <T>(n: number, make: (i: number) => T): readonly T[] => Array.from({ length: n }, (_, i) => make(i));

function workOf({ days, groups, perDay = 5, level = 'VERIFIED', owner }: Work, n: number): readonly Observation[] {
  return times(groups, (g) =>
    times(days, (d) =>
      times(perDay, (k): Observation => ({
        id: `p${n}-${g}-${d}-${k}`,
        kind: 'TASK_CLEAN',
        at: CASE_NOW - d * DAY - 3_600_000 - k,
        counterparty: owner ?? `cp${g}`,
        counterpartyLevel: level,
      })),
    ).flat(),
  ).flat();
}

function wrongOf(wrong: Wrong, n: number): readonly Observation[] {
  const { kind, count = 1, age = 0, every = 0, overDays, same, clients = 1, observers, voided } = wrong;
  return times(count, (i): Observation => ({
    id: `n${n}-${String(i).padStart(5, '0')}`,
    kind,
    at: Math.round(CASE_NOW - age * DAY - (overDays === undefined ? i * every * 1_000 : (i % overDays) * DAY)),
    connection: 'c',
    code: kind,
    value: same ?? `v${n}-${i}`,
    counterparty: `cp${i % clients}`,
    ...(observers === undefined ? {} : { observerOrg: observers[i % observers.length] ?? '' }),
    ...(voided === undefined ? {} : { voided }),
  }));
}
