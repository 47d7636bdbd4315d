interface MetricSpec {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly help: string;
  /** Names of its labels. None is ever a task, an agent, an organisation or a connection. */
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];
const counter = (help: string, ...labels: readonly string[]) => ({ kind: 'counter', help, labels }) as const;
const gauge = (help: string, ...labels: readonly string[]) => ({ kind: 'gauge', help, labels }) as const;
const seconds = (help: string, ...labels: readonly string[]) =>
  ({ kind: 'histogram', help, labels, buckets: SECONDS }) as const;

/** Every metric of the product by its Prometheus name. The list is closed; dashboards, rules and the generated reference are made of it. */
export const METRICS = {
  countersign_tasks_total: counter('Decisions on evaluations of tasks.', 'decision', 'reason'),
  countersign_ended_total: counter('Tasks that ended.', 'state', 'reason'),
  countersign_decision_seconds: seconds('From the submission of an evaluation to its decision.', 'decision'),
  countersign_end_seconds: seconds('From the submission of a task to its end, holds included.', 'state'),
  countersign_verdict_total: counter('Verdicts published by this control.', 'control', 'verdict'),
  countersign_verdict_seconds: seconds('From the submission to the signed verdict of this control.', 'control'),
  countersign_batch_size: {
    kind: 'histogram',
    help: 'Messages that were judged in one batch.',
    labels: ['control'],
    buckets: [1, 2, 4, 8, 16, 32, 64],
  },
  countersign_guardrail_actions_total: counter('Guardrails that triggered.', 'stage', 'category', 'action'),
  countersign_fail_closed_total: counter('Denials because a control could not judge.', 'control', 'cause'),
  countersign_read_model_staleness_seconds: gauge('Age of the newest tick of a read model.', 'model'),
  countersign_consumer_pending: gauge('Messages that a durable consumer has not been given yet.', 'consumer'),
  countersign_consumer_redelivered_total: counter('Messages that were delivered again.', 'consumer'),
  countersign_open_sagas: gauge('Evaluations without a decision in this dispatcher.'),
  countersign_oldest_open_saga_seconds: gauge('Age of the oldest evaluation without a decision.'),
  countersign_approvals_pending: gauge('Tasks that wait for a person.'),
  countersign_unrecorded_transitions: gauge('Transitions that audit has not recorded yet.'),
  countersign_hand_overs_total: counter('Hand-overs to targets.', 'outcome'),
  countersign_revocation_effective_seconds: seconds(
    'From the commit of a revocation to its being effective at the dispatcher and on live connections; one that stays pending counts as a minute or more.',
  ),
  countersign_audit_lag_seconds: gauge('Age of the oldest transition that audit works on.'),
  countersign_audit_entries_total: counter(
    'Entries that chains hold by the word of this process; what is delivered again is counted again.',
    'kind',
  ),
  countersign_audit_chained_seconds: seconds('From a transition in the log to its entry in the chain.'),
  countersign_enforcement_total: counter(
    'Claims seen by audit, by whether the chain holds their release with six verdicts.',
    'valid',
  ),
  countersign_audit_verified: gauge(
    '1 while every chain passed when it was verified last, else 0. Chains grow under the eyes of a verifier; each is walked whole once a day.',
  ),
  countersign_audit_verified_timestamp: gauge(
    'When the chain that was verified longest ago was verified up to its end, seconds since 1970.',
  ),
  countersign_budget_denials_total: counter('Reservations refused for want of money.', 'scope'),
  countersign_budget_overruns_total: counter('Settlements above what was reserved.'),
  countersign_alerts_total: counter('Alert events that were raised.', 'kind'),
  countersign_ready: gauge('1 while this process can decide, else 0.'),
  countersign_spans_dropped_total: counter('Spans that could not be exported, or found the queue full.'),
  countersign_canary_total: counter('Canary tasks by what was expected and what came.', 'expected', 'outcome'),
  countersign_process_heap_bytes: gauge('Heap in use.'),
  countersign_process_rss_bytes: gauge('Resident memory.'),
  countersign_event_loop_delay_seconds: gauge('Delay of the event loop, 99th percentile since the last reading.'),
} as const satisfies Record<string, MetricSpec>;
/** Name of a metric. */
export type MetricName = keyof typeof METRICS;
type OfKind<K extends MetricSpec['kind']> = {
  [N in MetricName]: (typeof METRICS)[N]['kind'] extends K ? N : never;
}[MetricName];
/** Name of a counter. */
export type CounterName = OfKind<'counter'>;
/** Name of a histogram. */
export type HistogramName = OfKind<'histogram'>;
/** Name of a gauge. */
export type GaugeName = OfKind<'gauge'>;
/** What an unbounded label would be made of is not a label. */
export const FORBIDDEN_LABELS = ['task', 'agent', 'org', 'connection', 'grant', 'id'] as const;
