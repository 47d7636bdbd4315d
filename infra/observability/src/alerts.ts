import { CONTROLS } from '@countersign/contracts';

/** How soon somebody has to look. */
export type Severity = 'page' | 'ticket';

/** An alert on a cause: what is wrong, for how long it may be, and what it means. Its runbook is `docs/runbooks/<name>.md`. */
export interface CauseAlert {
  readonly name: string;
  readonly severity: Severity;
  readonly expr: string;
  readonly for: string;
  readonly summary: string;
}

const alert = (name: string, severity: Severity, expr: string, lasts: string, summary: string): CauseAlert => ({
  name,
  severity,
  expr,
  for: lasts,
  summary,
});

/** Every service by its name: counted, others that report in the same namespace (the canary) would stand for one that is gone. */
const SERVICES = [...CONTROLS, 'dispatcher'] as const;

/** Alert events that a person has to look at whenever one is raised. */
const CRITICAL_EVENTS = ['INVALID_FRAME', 'STATE_MISMATCH', 'AUDIT_CHAIN_BROKEN', 'AUDIT_WRITE_FAILING'] as const;

/** Every alert on a cause. */
export const CAUSE_ALERTS: readonly CauseAlert[] = [
  alert(
    'CountersignSecurityEvent',
    'page',
    `sum by (kind) (increase(countersign_alerts_total{kind=~"${CRITICAL_EVENTS.join('|')}"}[10m])) > 0`,
    '0m',
    'A security event was raised: {{ $labels.kind }}.',
  ),
  alert(
    'CountersignRevokedCredentialUsed',
    'ticket',
    'sum(increase(countersign_alerts_total{kind="REVOKED_CREDENTIAL_USED"}[10m])) > 0',
    '0m',
    'Somebody tries to connect with a revoked credential.',
  ),
  alert(
    'CountersignServiceNotReady',
    'page',
    'max by (service_name) (countersign_ready * on (instance) group_left (service_name) target_info) < 1',
    '2m',
    'No replica of {{ $labels.service_name }} can decide: everything is denied.',
  ),
  alert(
    'CountersignServiceGone',
    'page',
    SERVICES.map((name) => `absent(target_info{service_namespace="countersign",service_name="${name}"})`).join(' or '),
    '2m',
    'No replica of {{ $labels.service_name }} reports metrics.',
  ),
  alert(
    'CountersignReadModelStale',
    'page',
    'max by (model) (countersign_read_model_staleness_seconds) > 3',
    '30s',
    'The read model of {{ $labels.model }} is stale: whatever depends on it is denied.',
  ),
  alert(
    'CountersignFailClosedSurge',
    'page',
    'sum by (control, cause) (increase(countersign_fail_closed_total[5m])) > 10',
    '0m',
    '{{ $labels.control }} denies because it cannot judge ({{ $labels.cause }}).',
  ),
  alert(
    'CountersignConsumerBehind',
    'ticket',
    'max by (consumer) (countersign_consumer_pending) > 5000',
    '5m',
    'The consumer {{ $labels.consumer }} does not keep up.',
  ),
  alert(
    'CountersignRedeliveries',
    'ticket',
    'sum by (consumer) (increase(countersign_consumer_redelivered_total[10m])) > 100',
    '10m',
    'Messages of {{ $labels.consumer }} come again and again.',
  ),
  alert(
    'CountersignOpenSagaOld',
    'page',
    'max(countersign_oldest_open_saga_seconds) > 30',
    '1m',
    'A task has no decision long after its verdicts were due.',
  ),
  alert(
    'CountersignUnrecorded',
    'page',
    'max(countersign_unrecorded_transitions) > 100',
    '5m',
    'Transitions wait for their entry in the record: nothing is released.',
  ),
  alert(
    'CountersignAuditNotVerified',
    'page',
    'min(countersign_audit_verified) < 1',
    '0m',
    'The record of an organisation does not verify.',
  ),
  alert(
    'CountersignBudgetOverrun',
    'ticket',
    'sum(increase(countersign_budget_overruns_total[1h])) > 0',
    '0m',
    'A task cost more than was reserved for it.',
  ),
  alert(
    'CountersignApprovalsWaiting',
    'ticket',
    'max(countersign_approvals_pending) > 50',
    '30m',
    'Many tasks wait for a person.',
  ),
  alert(
    'CountersignEventLoopBlocked',
    'ticket',
    'max by (instance) (countersign_event_loop_delay_seconds) > 0.5',
    '5m',
    'A service is blocked for half a second at a time.',
  ),
  alert(
    'CountersignSpansDropped',
    'ticket',
    'sum(increase(countersign_spans_dropped_total[30m])) > 1000',
    '0m',
    'Traces are incomplete: spans cannot be exported.',
  ),
  alert(
    'CountersignCanaryAbsent',
    'ticket',
    // one that is gone has no series any more; where there was none within a day, none is wanted
    '(sum(increase(countersign_canary_total[10m])) or vector(0)) == 0 and on() count(last_over_time(countersign_canary_total[1d])) > 0',
    '10m',
    'The canary has stopped: nobody proves that what must be denied is denied.',
  ),
];
