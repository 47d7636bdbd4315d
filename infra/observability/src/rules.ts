import { CAUSE_ALERTS } from './alerts.js';
import { OBJECTIVES, type Objective } from './objectives.js';

/** A rule of a Prometheus rule file. */
export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A Prometheus rule file. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

/** Burn rates over two windows each (Google's SRE workbook, chapter 5): both must burn, so that an alert ends soon after its cause. */
const BURNS = [
  { factor: 14.4, long: '1h', short: '5m', severity: 'page' },
  { factor: 6, long: '6h', short: '30m', severity: 'page' },
  { factor: 3, long: '1d', short: '2h', severity: 'ticket' },
  { factor: 1, long: '3d', short: '6h', severity: 'ticket' },
] as const;
const WINDOWS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;
/** Fewer events than this in the long window prove nothing. */
const LEAST_EVENTS = 20;

/** The whole rule file, made of objectives and causes. */
export function ruleFile(): RuleFile {
  return {
    groups: [
      ...OBJECTIVES.map((objective) => ({
        name: `countersign-slo-${objective.id.toLowerCase()}`,
        rules: [...recordings(objective), ...alerts(objective)],
      })),
      {
        name: 'countersign-causes',
        rules: CAUSE_ALERTS.map(({ name, expr, for: lasts, severity, summary }) => ({
          alert: name,
          expr,
          for: lasts,
          labels: { severity },
          annotations: { summary, runbook: runbookOf(name) },
        })),
      },
    ],
  };
}

/** Path of an alert's runbook in the repository. */
export function runbookOf(alert: string): string {
  return `docs/runbooks/${alert}.md`;
}

const errors = (id: string, window: string): string => `countersign:slo_errors:ratio_rate${window}{slo="${id}"}`;

function recordings({ id, good, all }: Objective): readonly Rule[] {
  return WINDOWS.map((window) => ({
    record: `countersign:slo_errors:ratio_rate${window}`,
    // a window without any event has no ratio at all
    expr: `1 - ((${good(`[${window}]`)} or vector(0)) / (${all(`[${window}]`)} > 0))`,
    labels: { slo: id },
  }));
}

function alerts(objective: Objective): readonly Rule[] {
  return objective.target === 1 ? [firstBad(objective)] : BURNS.map((burn) => burning(objective, burn));
}

/** A promise without exceptions: the first bad event pages. */
function firstBad({ id, name, sentence, alert }: Objective): Rule {
  return {
    alert,
    expr: `${errors(id, '5m')} > 0`,
    for: '0m',
    labels: { severity: 'page', slo: id },
    annotations: { summary: `${id} ${name}: not every one was ${sentence}.`, runbook: runbookOf(alert) },
  };
}

function burning(
  { id, name, target, all, alert }: Objective,
  { factor, long, short, severity }: (typeof BURNS)[number],
): Rule {
  const budget = Number((1 - target).toFixed(6));
  const limit = `(${factor} * ${budget})`;
  const enough = `(${all(`[${long}]`)} * ${secondsOf(long)} > ${LEAST_EVENTS})`;
  return {
    alert,
    expr: `(${errors(id, long)} > ${limit}) and ignoring (slo) (${errors(id, short)} > ${limit}) and ignoring (slo) ${enough}`,
    labels: { severity, slo: id, burn: `${factor}` },
    annotations: {
      summary: `${id} ${name}: the error budget of 30 days burns ${factor} times too fast.`,
      runbook: runbookOf(alert),
    },
  };
}

function secondsOf(window: string): number {
  const unit = { m: 60, h: 3_600, d: 86_400 }[window.slice(-1)] ?? 1;
  return Number(window.slice(0, -1)) * unit;
}
