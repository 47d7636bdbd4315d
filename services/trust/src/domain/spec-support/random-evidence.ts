import type { Evidence } from '../evidence.js';
import type { Observation } from '../observation.js';

const DAY = 86_400_000;
/** The instant at which random evidence is weighed. */
export const EVIDENCE_NOW = Date.parse('2026-11-22T12:00:00Z');

const NEGATIVE = [
  ...['RATE_LIMITED', 'WINDOW_VIOLATION', 'SPEND_CAP_HIT', 'TASK_FAILED', 'TASK_TIMEOUT', 'INJECTION_RELAYED'],
  ...['INPUT_RELAYED', 'POLICY_SCOPE_VIOLATION', 'INPUT_BLOCKED', 'APPROVAL_REJECTED', 'ANOMALY_CONFIRMED'],
  ...['OUTPUT_BLOCKED', 'INJECTION_SENT', 'DELEGATION_VIOLATION', 'CROSS_ORG_VIOLATION', 'GRANT_EXCEEDED'],
  ...['CANARY_LEAK', 'FORGED_TOKEN'],
] as readonly Observation['kind'][];
const LEVELS = ['HUMAN', 'TRUSTED', 'VERIFIED', 'PROVISIONAL', 'LIMITED', 'UNTRUSTED'] as const;
const CREDENTIALS = ['MTLS', 'PRIVATE_KEY_JWT', 'SECRET_JWT', 'STATIC_SECRET'] as const;

/** Numbers that are the same in every run for the same seed: mulberry32. */
class Numbers {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** Evidence of an agent as it could be: mostly plain, some of it hostile. The expected scores of `cases/random-scores.json` were computed from exactly these. */
export function randomEvidence(seed: number): Evidence {
  const n = new Numbers(seed);
  const good = n.chance(0.4);
  const observations = observationsOf(n, seed, good);
  const credentials = good ? [n.of(['MTLS', 'PRIVATE_KEY_JWT'] as const)] : several(n);
  return {
    org: 'theirs',
    viewerOrg: 'me',
    ...(n.chance(0.5) ? { ownerGroup: n.of(['o1', 'user:o1', 'team']) } : {}),
    status: n.chance(0.95) ? 'ACTIVE' : 'SUSPENDED',
    liveCredentials: credentials,
    registration: n.of(['WORKLOAD_ATTESTED', 'DOMAIN_VERIFIED', 'OPERATOR', 'SELF'] as const),
    compliance: good && n.chance(0.5) ? PROVEN : complianceOf(n),
    security: {
      oldestCredentialAge: n.below(300 * DAY),
      rotationPeriod: 90 * DAY,
      tokenTtlSeconds: n.of([300, 900, 901, 3_600, 86_400]),
      wildcardGrant: n.chance(good ? 0.05 : 0.3),
      grantAge: n.below(60 * DAY),
      usedGrants: n.below(6),
      grants: 5,
      endpointOk: n.chance(0.5),
      noEndpoint: n.chance(0.3),
    },
    observations,
    inheritedNegative: n.chance(0.2) ? n.next() * 20 : 0,
    ...(n.chance(0.1) ? { anomalySince: EVIDENCE_NOW - n.below(2 * DAY) } : {}),
    ...(n.chance(0.1) ? { probation: { until: EVIDENCE_NOW + n.below(2 * DAY) - DAY, reason: 'incident' } } : {}),
    ...(n.chance(0.1) ? { ceiling: { score: n.below(10_001), until: EVIDENCE_NOW + DAY, reason: 'owner' } } : {}),
  };
}

const PROVEN: Evidence['compliance'] = {
  knownSoftwareDigest: true,
  scan: { at: EVIDENCE_NOW - 5 * DAY, openCritical: 0, openHigh: 0 },
  environmentApproved: true,
  dataDeclaration: { at: EVIDENCE_NOW - 10 * DAY },
};

const several = (n: Numbers): Evidence['liveCredentials'] =>
  Array.from({ length: n.below(3) }, () => n.of(CREDENTIALS));

function complianceOf(n: Numbers): Evidence['compliance'] {
  return {
    ...(n.chance(0.5) ? { knownSoftwareDigest: n.chance(0.8) } : {}),
    ...(n.chance(0.6)
      ? { scan: { at: EVIDENCE_NOW - n.below(80 * DAY), openCritical: n.below(2), openHigh: n.below(2) } }
      : {}),
    ...(n.chance(0.5) ? { environmentApproved: n.chance(0.8) } : {}),
    ...(n.chance(0.5) ? { dataDeclaration: { at: EVIDENCE_NOW - n.below(900 * DAY) } } : {}),
  };
}

function observationsOf(n: Numbers, seed: number, good: boolean): readonly Observation[] {
  const days = good ? 40 : n.of([1, 10, 40, 200]);
  const bad = good ? n.of([0, 0.005, 0.02]) : n.of([0, 0.02, 0.1, 0.5, 1]);
  const most = good ? n.of([60, 200, 400]) : n.of([10, 60, 200]);
  return Array.from({ length: n.below(most) }, (_, i): Observation => {
    const id = `${String(seed)}-${String(n.below(1_000_000)).padStart(6, '0')}-${String(i)}`;
    // some at the same instant, some in the future
    const at = EVIDENCE_NOW + n.below(DAY / 8) - Math.floor(n.below(days * 8) * (DAY / 8));
    const counterparty = n.of(['o1', 'o2', 'o3', 'user:o1', 'o4']);
    return n.chance(bad) ? violation(n, { id, at, counterparty }) : cleanTask(n, { id, at, counterparty }, good);
  });
}

type Head = Pick<Observation, 'id' | 'at' | 'counterparty'>;

function cleanTask(n: Numbers, head: Head, good: boolean): Observation {
  const counterpartyLevel = n.of(good ? LEVELS.slice(0, 4) : LEVELS);
  return { ...head, kind: 'TASK_CLEAN', counterpartyLevel, ...(n.chance(0.02) ? { voided: true } : {}) };
}

function violation(n: Numbers, head: Head): Observation {
  return {
    ...head,
    kind: n.of(NEGATIVE),
    ...(n.chance(0.7) ? { connection: n.of(['c1', 'c2']) } : {}),
    ...(n.chance(0.7) ? { value: n.of(['x', 'y', 'z', String(n.below(50))]) } : {}),
    ...(n.chance(0.7) ? { observerOrg: n.of(['me', 'theirs', 'f1', 'f2']) } : {}),
    ...(n.chance(0.05) ? { voided: true } : {}),
  };
}
