import { CONTROLS } from '@countersign/contracts';
import { OBJECTIVES } from '../objectives.js';
import type { Board, Panel } from './panels.js';

const RANGE = '[$__rate_interval]';
const quantile = (q: number, metric: string, selector = '', by = 'le'): string =>
  `histogram_quantile(${q}, sum by (${by}) (rate(${metric}_bucket${selector}${RANGE})))`;

const line = (title: string, says: string, unit: Panel['unit'], ...queries: Panel['queries']): Panel => ({
  title,
  says,
  unit,
  queries,
});
const number = (title: string, says: string, unit: Panel['unit'], expr: string): Panel => ({
  title,
  says,
  unit,
  shape: 'number',
  queries: [{ expr, legend: '' }],
});

const overview: Board = {
  uid: 'countersign-overview',
  title: 'Countersign · overview',
  panels: [
    number('Tasks a second', 'Decisions on evaluations.', 'reqps', `sum(rate(countersign_tasks_total${RANGE}))`),
    number(
      'Denied for want of a verdict',
      'Share of decisions that say nothing of the task.',
      'percentunit',
      'countersign:slo_errors:ratio_rate5m{slo="D1"}',
    ),
    number('Wait for a person', 'Tasks on hold.', 'short', 'max(countersign_approvals_pending)'),
    number('Oldest open evaluation', 'Should stay under 5 s.', 's', 'max(countersign_oldest_open_saga_seconds)'),
    line('Decisions', 'By what was decided.', 'reqps', {
      expr: `sum by (decision) (rate(countersign_tasks_total${RANGE}))`,
      legend: '{{decision}}',
    }),
    line('Reasons of denials', 'The ten most frequent.', 'reqps', {
      expr: `topk(10, sum by (reason) (rate(countersign_tasks_total{decision="deny"}${RANGE})))`,
      legend: '{{reason}}',
    }),
    line(
      'From submission to decision',
      'Half and nearly all of them.',
      's',
      { expr: quantile(0.5, 'countersign_decision_seconds'), legend: 'p50' },
      { expr: quantile(0.99, 'countersign_decision_seconds'), legend: 'p99' },
    ),
    line('Verdicts of each control', '99th percentile from submission to signed verdict.', 's', {
      expr: quantile(0.99, 'countersign_verdict_seconds', '', 'le, control'),
      legend: '{{control}}',
    }),
    line('Ends of tasks', 'By state.', 'reqps', {
      expr: `sum by (state) (rate(countersign_ended_total${RANGE}))`,
      legend: '{{state}}',
    }),
    line('Fail-closed denials', 'A control could not judge.', 'reqps', {
      expr: `sum by (control, cause) (rate(countersign_fail_closed_total${RANGE}))`,
      legend: '{{control}} {{cause}}',
    }),
    line('Read models', 'Age of the newest tick; over 3 s everything that depends on one is denied.', 's', {
      expr: 'max by (model) (countersign_read_model_staleness_seconds)',
      legend: '{{model}}',
    }),
    line('Alert events', 'Raised in ten minutes.', 'short', {
      expr: 'sum by (kind) (increase(countersign_alerts_total[10m]))',
      legend: '{{kind}}',
    }),
  ],
};

const slo: Board = {
  uid: 'countersign-slo',
  title: 'Countersign · objectives',
  panels: OBJECTIVES.map(({ id, name, sentence, target }) =>
    line(
      `${id} ${name} (${target * 100} %)`,
      `Share of events that were not ${sentence}.`,
      'percentunit',
      {
        expr: `countersign:slo_errors:ratio_rate1h{slo="${id}"}`,
        legend: '1 h',
      },
      { expr: `countersign:slo_errors:ratio_rate6h{slo="${id}"}`, legend: '6 h' },
    ),
  ),
};

/** What every process tells. */
function processPanels(service: string): readonly Panel[] {
  const of = (expr: string): string => `${expr} * on (instance) group_left () target_info{service_name="${service}"}`;
  return [
    number('Ready', '1 while it can decide.', 'short', `min(${of('countersign_ready')})`),
    number('Replicas', 'Processes that report.', 'short', `count(target_info{service_name="${service}"})`),
    line('Memory', 'Resident.', 'bytes', { expr: of('countersign_process_rss_bytes'), legend: '{{instance}}' }),
    line('Event loop', 'Delay, 99th percentile.', 's', {
      expr: of('countersign_event_loop_delay_seconds'),
      legend: '{{instance}}',
    }),
  ];
}

const OWN: Readonly<Partial<Record<string, readonly Panel[]>>> = {
  guardrails: [
    line('Guardrails that triggered', 'By category and action.', 'reqps', {
      expr: `sum by (category, action) (rate(countersign_guardrail_actions_total${RANGE}))`,
      legend: '{{category}} {{action}}',
    }),
  ],
  budget: [
    line('Refused for want of money', 'By scope.', 'reqps', {
      expr: `sum by (scope) (rate(countersign_budget_denials_total${RANGE}))`,
      legend: '{{scope}}',
    }),
    line('Overruns', 'Settled above what was reserved.', 'short', {
      expr: 'increase(countersign_budget_overruns_total[1h])',
      legend: 'an hour',
    }),
  ],
  audit: [
    line('Entries', 'Appended to chains.', 'reqps', {
      expr: `sum by (kind) (rate(countersign_audit_entries_total${RANGE}))`,
      legend: '{{kind}}',
    }),
    line('Lag', 'Age of the oldest transition in work.', 's', {
      expr: 'max(countersign_audit_lag_seconds)',
      legend: 'lag',
    }),
  ],
  registry: [
    line('Revocations', 'From command to effect.', 's', {
      expr: quantile(0.99, 'countersign_revocation_effective_seconds'),
      legend: 'p99',
    }),
  ],
  dispatcher: [
    line('Open evaluations', 'Without a decision yet.', 'short', {
      expr: 'sum(countersign_open_sagas)',
      legend: 'open',
    }),
    line('Unrecorded transitions', 'Nothing is released before its decision is recorded.', 'short', {
      expr: 'max(countersign_unrecorded_transitions)',
      legend: 'waiting',
    }),
    line('Hand-overs', 'By outcome.', 'reqps', {
      expr: `sum by (outcome) (rate(countersign_hand_overs_total${RANGE}))`,
      legend: '{{outcome}}',
    }),
  ],
};

/** Verdicts of one control. */
function verdictPanels(control: string): readonly Panel[] {
  const selector = `{control="${control}"}`;
  return [
    line('Verdicts', 'By decision.', 'reqps', {
      expr: `sum by (verdict) (rate(countersign_verdict_total${selector}${RANGE}))`,
      legend: '{{verdict}}',
    }),
    line(
      'From submission to signed verdict',
      'Half and nearly all of them.',
      's',
      { expr: quantile(0.5, 'countersign_verdict_seconds', selector), legend: 'p50' },
      { expr: quantile(0.99, 'countersign_verdict_seconds', selector), legend: 'p99' },
    ),
    line('Batch', 'Tasks judged together, 90th percentile.', 'short', {
      expr: quantile(0.9, 'countersign_batch_size', selector),
      legend: 'p90',
    }),
  ];
}

const services: readonly Board[] = [...CONTROLS, 'dispatcher'].map((service) => ({
  uid: `countersign-${service}`,
  title: `Countersign · ${service}`,
  panels: [
    ...processPanels(service),
    ...(service === 'dispatcher' ? [] : verdictPanels(service)),
    ...(OWN[service] ?? []),
  ],
}));

/** Every dashboard: overview, objectives, one a service. */
export const BOARDS: readonly Board[] = [overview, slo, ...services];
