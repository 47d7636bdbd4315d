import { formatInstant } from '@countersign/primitives';
import { DAY_MS, PRIOR } from './algorithm.js';
import type { Evidence } from './evidence.js';
import { isForeign, type Masses } from './masses.js';
import { negativeKind, type Observation } from './observation.js';

/** A ceiling on a score, in hundredths. Caps depend on behaviour and status only, so no badge lifts an agent over what it does. */
export interface Cap {
  readonly cap:
    | 'VIOLATION_RATIO'
    | 'EVIDENCE'
    | 'RECENT_CRITICAL'
    | 'RECENT_HIGH'
    | 'ANOMALY'
    | 'PROBATION'
    | 'OWNER_CEILING'
    | 'STATUS';
  readonly limit: number;
  /** What it comes from, in words. */
  readonly why: string;
  /** When it ends by itself (ms), where time alone ends it. */
  readonly until?: number;
}

const TIER_MASS = { untrusted: 16, limited: 6, inherited: 1 } as const;

/** Clean work without which nobody is VERIFIED, and without which nobody is TRUSTED; the latter's mass is of other owners. */
export const EVIDENCE_WANTED = { verified: { mass: 10, days: 7 }, trusted: { mass: 40, days: 21 } } as const;

/** Every cap that applies at an instant (ms), each once with its lowest limit. */
export function capsOf(masses: Masses, evidence: Evidence, now: number): readonly Cap[] {
  return [...violationRatio(masses), ...evidenceCap(masses), ...recent(evidence, now), ...circumstances(evidence, now)];
}

/** Share of violations in all evidence. */
export function violationShare({ positive, negative }: Pick<Masses, 'positive' | 'negative'>): number {
  return negative / (positive + negative + PRIOR.violation);
}

function violationRatio({ positive, negative, negativeForTiers: tiers, inherited }: Masses): readonly Cap[] {
  const ratio = violationShare({ positive, negative });
  const tierRatio = violationShare({ positive, negative: tiers });
  const cap = (limit: number): readonly Cap[] => [
    { cap: 'VIOLATION_RATIO', limit, why: `violations are ${ratio.toFixed(4)} of all evidence` },
  ];
  if (tierRatio >= 0.5 && (tiers >= TIER_MASS.untrusted || inherited >= TIER_MASS.inherited)) return cap(2_499);
  if (tierRatio >= 0.25 && tiers >= TIER_MASS.limited) return cap(4_999);
  if (ratio >= 0.1) return cap(6_499);
  return ratio >= 0.05 ? cap(8_499) : [];
}

function evidenceCap({ positive, positiveOfOthers, activeDays }: Masses): readonly Cap[] {
  const cap = (limit: number): readonly Cap[] => [
    {
      cap: 'EVIDENCE',
      limit,
      why: `clean work of mass ${positive.toFixed(1)}, ${positiveOfOthers.toFixed(1)} of it for others, on ${activeDays} days`,
    },
  ];
  const { verified, trusted } = EVIDENCE_WANTED;
  if (positive < verified.mass || activeDays < verified.days) return cap(6_499);
  return positiveOfOthers < trusted.mass || activeDays < trusted.days ? cap(8_499) : [];
}

const RECENT = {
  CRITICAL: {
    cap: 'RECENT_CRITICAL',
    tiers: [
      [7, 2_499],
      [30, 4_999],
      [90, 6_499],
    ],
  },
  HIGH: {
    cap: 'RECENT_HIGH',
    tiers: [
      [1, 4_999],
      [7, 6_499],
    ],
  },
} as const;

function recent(evidence: Evidence, now: number): readonly Cap[] {
  return (['CRITICAL', 'HIGH'] as const).flatMap((severity): readonly Cap[] => {
    const newest = newestOf(evidence, severity, now);
    if (newest === undefined) return [];
    const tier = RECENT[severity].tiers.find(([days]) => now - newest.at < days * DAY_MS);
    if (tier === undefined) return [];
    const [days, limit] = tier;
    const why = `${newest.kind} of ${formatInstant(newest.at)}`;
    return [{ cap: RECENT[severity].cap, limit, why, until: newest.at + days * DAY_MS }];
  });
}

/** The newest violation of a severity that the viewer or the agent's own organisation saw: the limit falls with its age, so it alone decides. */
function newestOf(evidence: Evidence, severity: 'CRITICAL' | 'HIGH', now: number): Observation | undefined {
  let newest: Observation | undefined;
  for (const o of evidence.observations) {
    if (o.voided === true || o.at > now || (newest !== undefined && o.at <= newest.at)) continue;
    if (negativeKind(o.kind)?.severity === severity && !isForeign(o, evidence)) newest = o;
  }
  return newest;
}

function circumstances(evidence: Evidence, now: number): readonly Cap[] {
  const { anomalySince, probation, ceiling, status } = evidence;
  const caps: Cap[] = [];
  if (anomalySince !== undefined && now >= anomalySince && now - anomalySince < DAY_MS)
    caps.push({ cap: 'ANOMALY', limit: 6_499, why: 'a critical anomaly alert', until: anomalySince + DAY_MS });
  if (probation !== undefined && now < probation.until)
    caps.push({ cap: 'PROBATION', limit: 4_999, why: probation.reason, until: probation.until });
  if (ceiling !== undefined && now < ceiling.until)
    caps.push({ cap: 'OWNER_CEILING', limit: ceiling.score, why: ceiling.reason, until: ceiling.until });
  if (status !== 'ACTIVE') caps.push({ cap: 'STATUS', limit: 0, why: `the agent is ${status}` });
  return caps;
}
