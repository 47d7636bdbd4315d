import { REASON_CODES, type ReasonCode } from '@countersign/contracts';

/** Reasons that say nothing of the task: the control plane could not judge, so it denied. Safe, and an outage all the same. */
export const INTERNAL_REASONS: readonly ReasonCode[] = (Object.keys(REASON_CODES) as ReasonCode[]).filter((code) =>
  /^(?:VERDICT_TIMEOUT|VERDICT_EXPIRED|CONTROL_ERROR|RELEASE_TIMEOUT|AUDIT_UNAVAILABLE|POLICY_EVALUATION_ERROR|TRUST_EVIDENCE_STALE|GUARDRAIL_UNAVAILABLE|OUTPUT_SCREEN_TIMEOUT|BUDGET_SCOPE_UNKNOWN)$/.test(
    code,
  ),
);

/** A service level objective over 30 days: events that were good of all that count. `window` stands for a range such as `[5m]`. */
export interface Objective {
  readonly id: string;
  readonly name: string;
  readonly sentence: string;
  /** Share of good events that is promised, such as 0.999; 1 means that the first bad one pages. */
  readonly target: number;
  readonly good: (window: string) => string;
  readonly all: (window: string) => string;
  /** Alert's name, and its runbook's. */
  readonly alert: string;
}

const internal = INTERNAL_REASONS.join('|');
const rate = (series: string, window: string): string => `sum(rate(${series}${window}))`;
const ratio = (good: string, all: string) => ({
  good: (window: string): string => rate(good, window),
  all: (window: string): string => rate(all, window),
});

/** Every objective; alert rules, dashboards and the table in docs are made of this list. */
export const OBJECTIVES: readonly Objective[] = [
  {
    id: 'D1',
    name: 'decision availability',
    sentence: 'decided on the merits, not for want of a verdict or because a control failed',
    target: 0.999,
    ...ratio(`countersign_tasks_total{reason!~"${internal}"}`, 'countersign_tasks_total'),
    alert: 'CountersignDecisionAvailability',
  },
  {
    id: 'D2',
    name: 'decision latency',
    sentence: 'decided within 250 ms of the submission',
    target: 0.99,
    ...ratio('countersign_decision_seconds_bucket{le="0.25"}', 'countersign_decision_seconds_count'),
    alert: 'CountersignDecisionLatency',
  },
  {
    id: 'E1',
    name: 'enforcement',
    sentence: 'handed over with a recorded release of six approvals',
    target: 1,
    ...ratio('countersign_enforcement_total{valid="true"}', 'countersign_enforcement_total'),
    alert: 'CountersignReleaseWithoutCountersignatures',
  },
  {
    id: 'E2',
    name: 'must-deny canaries',
    sentence: 'canary tasks that have to be denied and were',
    target: 1,
    ...ratio(
      'countersign_canary_total{expected="deny",outcome!="released"}',
      'countersign_canary_total{expected="deny"}',
    ),
    alert: 'CountersignCanaryReleased',
  },
  {
    id: 'R1',
    name: 'revocation',
    sentence: 'revocations effective everywhere within a second',
    target: 0.999,
    ...ratio(
      'countersign_revocation_effective_seconds_bucket{le="1"}',
      'countersign_revocation_effective_seconds_count',
    ),
    alert: 'CountersignRevocationSlow',
  },
  {
    id: 'A1',
    name: 'audit lag',
    sentence: 'transitions in the chain within 5 s',
    target: 0.999,
    ...ratio('countersign_audit_chained_seconds_bucket{le="5"}', 'countersign_audit_chained_seconds_count'),
    alert: 'CountersignAuditLag',
  },
];
