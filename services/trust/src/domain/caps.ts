import { DAY_MS, PRIOR } from './algorithm.js';
import type { Evidence } from './evidence.js';
import { isForeign, type Masses } from './masses.js';
import { negativeKind } from './observation.js';

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
}

const TIER_MASS = { untrusted: 16, limited: 6, inherited: 1 } as const;

/** Every cap that applies at an instant (ms). */
export function capsOf(masses: Masses, evidence: Evidence, now: number): readonly Cap[] {
  return [...violationRatio(masses), ...evidenceCap(masses), ...recent(evidence, now), ...circumstances(evidence, now)];
}

function violationRatio({ positive, negative, negativeForTiers: tiers, inherited }: Masses): readonly Cap[] {
  const ratio = negative / (positive + negative + PRIOR.violation);
  const tierRatio = tiers / (positive + tiers + PRIOR.violation);
  const cap = (limit: number): readonly Cap[] => [{ cap: 'VIOLATION_RATIO', limit }];
  if (tierRatio >= 0.5 && (tiers >= TIER_MASS.untrusted || inherited >= TIER_MASS.inherited)) return cap(2_499);
  if (tierRatio >= 0.25 && tiers >= TIER_MASS.limited) return cap(4_999);
  if (ratio >= 0.1) return cap(6_499);
  return ratio >= 0.05 ? cap(8_499) : [];
}

function evidenceCap({ positive, positiveOfOthers, activeDays }: Masses): readonly Cap[] {
  if (positive < 10 || activeDays < 7) return [{ cap: 'EVIDENCE', limit: 6_499 }];
  return positiveOfOthers < 40 || activeDays < 21 ? [{ cap: 'EVIDENCE', limit: 8_499 }] : [];
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
  return evidence.observations.flatMap((o): Cap[] => {
    if (o.voided === true || o.at > now || isForeign(o, evidence)) return [];
    const severity = negativeKind(o.kind)?.severity;
    if (severity !== 'CRITICAL' && severity !== 'HIGH') return [];
    const tier = RECENT[severity].tiers.find(([days]) => now - o.at < days * DAY_MS);
    return tier === undefined ? [] : [{ cap: RECENT[severity].cap, limit: tier[1] }];
  });
}

function circumstances({ anomalySince, probationUntil, ownerCeiling, status }: Evidence, now: number): readonly Cap[] {
  const caps: Cap[] = [];
  if (anomalySince !== undefined && now >= anomalySince && now - anomalySince < DAY_MS)
    caps.push({ cap: 'ANOMALY', limit: 6_499 });
  if (probationUntil !== undefined && now < probationUntil) caps.push({ cap: 'PROBATION', limit: 4_999 });
  if (ownerCeiling !== undefined) caps.push({ cap: 'OWNER_CEILING', limit: ownerCeiling });
  if (status !== 'ACTIVE') caps.push({ cap: 'STATUS', limit: 0 });
  return caps;
}
