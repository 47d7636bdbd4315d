import { decimalOfMicros } from '@countersign/primitives';
import type { ReasonCode } from '@countersign/contracts';
import { microsOf, objectOf, objectsOf, stringOf, textOf, textsOf, type Json } from './explain-json.js';
import type { Explanation } from './explain-view.js';

/** What a sentence may say more by. */
interface Asked {
  readonly explanation: Explanation;
  readonly code: ReasonCode;
  readonly currency: string;
}
/** Sentences from the details of verdicts; none where the details do not say enough. */
type Detailed = (asked: Asked) => readonly string[];

const clauseOf = ({ explanation, code }: Asked): Json =>
  explanation.clauses.find((clause) => textsOf(clause['codes']).includes(code)) ?? {};
const detailOf = (asked: Asked): Json => objectOf(clauseOf(asked)['detail']);
const levels = (clause: Json): string => {
  const by = textsOf(clause['by']);
  return by.length === 0 ? '' : ` (${by.join(', ')})`;
};

/** The entries of a list of the effective policy; longer ones are told by their first entries. */
function allowed(explanation: Explanation, field: string): readonly string[] {
  const list = explanation.effectivePolicy[field];
  return Array.isArray(list) ? textsOf(list) : textsOf(objectOf(list)['first']);
}

const fromList =
  (field: string, verb: string): Detailed =>
  (asked) => {
    const list = allowed(asked.explanation, field);
    const refused = textsOf(detailOf(asked)['refused']);
    const instead = refused.length === 0 ? '' : ` instead of ${refused.join(', ')}`;
    return list.length === 0 ? [] : [`${verb} of [${list.join(', ')}]${instead}${levels(clauseOf(asked))}`];
  };

const window: Detailed = (asked) => {
  const next = stringOf(detailOf(asked)['nextOpenAt']) ?? stringOf(asked.explanation.facts['nextOpenAt']);
  return next === undefined ? [] : [`wait until ${next}${levels(clauseOf(asked))}`];
};

const rate: Detailed = (asked) => {
  const { rule, level, limit, retryAfterMs } = detailOf(asked);
  const ms = Number(retryAfterMs ?? asked.explanation.facts['retryAfterMs'] ?? Number.NaN);
  const what = rule === undefined ? '' : `: ${textOf(level)} allows ${textOf(limit)} a ${textOf(rule)}`;
  return Number.isFinite(ms) ? [`wait ${Math.ceil(ms / 1_000)} s${what}`] : [];
};

const perRequest: Detailed = (asked) => {
  const [estimate, most] = [microsOf(detailOf(asked)['estimateMicros']), microsOf(detailOf(asked)['maxCostMicros'])];
  if (estimate === undefined || most === undefined) return [];
  const money = (micros: bigint): string => `${decimalOfMicros(micros)} ${asked.currency}`;
  return [
    `lower the estimate of ${money(estimate)} to at most ${money(most)}, or raise the limit of one request by at least ${money(estimate - most)}${levels(clauseOf(asked))}`,
  ];
};

const standing = (value: Json): string => `${textOf(value['level'])} ${hundredths(value['score'])}`.trim();
const hundredths = (value: unknown): string => (typeof value === 'number' ? (value / 100).toFixed(2) : '');

/** Gates that do not pass, with what is asked and what there is; then what would raise the score now, as trust knows it. */
const trust: Detailed = ({ explanation }) => {
  // of another organisation's gates it is not told what they ask
  const failed = objectsOf(explanation.trust['gates']).filter(
    (gate) => gate['pass'] === false && gate['required'] !== undefined,
  );
  const gates = failed.map((gate) => {
    const required = objectOf(gate['required']);
    const asks = stringOf(required['level']) ?? hundredths(required['scoreHundredths']);
    return `${asks} needed, has ${standing(objectOf(gate['actual']))} (${textOf(gate['gate'])})`;
  });
  return gates.length === 0 ? [] : [...gates, ...textsOf(explanation.trustNow['whatWouldHelp']).slice(0, 2)];
};

const SCOPES: Readonly<Record<string, string>> = { ORG: 'organisation', AGENT: 'agent', CONNECTION: 'connection' };

const budget =
  (scope: string): Detailed =>
  ({ explanation, currency }) => {
    const found = explanation.money.scopes.find((s) => s['scope'] === scope);
    const [remaining, estimate] = [microsOf(found?.['remainingMicros']), microsOf(explanation.money.estimateMicros)];
    if (found === undefined || remaining === undefined || estimate === undefined || estimate <= remaining) return [];
    const next = startAfter(textOf(found['period']));
    const wait = next === undefined ? '' : `, or wait for ${next}`;
    return [
      `raise the ${SCOPES[scope] ?? scope}'s cap of ${textOf(found['period'])} by at least ${decimalOfMicros(estimate - remaining)} ${currency}${wait}`,
    ];
  };

/** First day after a period such as 2026-11 or 2026-11-25. */
function startAfter(period: string): string | undefined {
  const [, year, month, day] = /^(\d{4})-(\d{2})(?:-(\d{2}))?$/.exec(period) ?? [];
  if (year === undefined || month === undefined) return undefined;
  const next =
    day === undefined
      ? Date.UTC(Number(year), Number(month), 1)
      : Date.UTC(Number(year), Number(month) - 1, Number(day) + 1);
  return new Date(next).toISOString().slice(0, 10);
}

const approve: Detailed = ({ explanation }) =>
  explanation.state.startsWith('AWAITING') ? [`approve it: cs approve ${explanation.task.task.slice(-12)}`] : [];

const silent: Detailed = ({ explanation }) => {
  const { service, cause } = objectOf(explanation.facts['missing']);
  return service === undefined
    ? []
    : [`bring ${textOf(service)} back (its verdict: ${textOf(cause)}) and submit it again`];
};

const blocked: Detailed = ({ explanation }) =>
  explanation.guardrails
    .filter(({ outcome, action, shadow }) => outcome === 'TRIGGERED' && action === 'BLOCK' && !shadow)
    .map(({ id, side, found }) => {
      const what = [...new Set(found.map(({ kind, part }) => `${kind} in part ${part}`))].join(', ');
      return `take out of the ${side} what guardrail ${id} found${what === '' ? '' : `: ${what}`}`;
    });

const failed: Detailed = ({ explanation }) =>
  explanation.verdicts
    .filter(({ codes }) => codes.includes('CONTROL_ERROR'))
    .map(({ control }) => {
      const cause = textOf(explanation.details[control]['cause']);
      return `look at ${control}, which could not judge${cause === '' ? '' : ` (${cause})`}, and submit it again`;
    });

/** Codes whose verdicts say more than the code. */
export const DETAILED: Readonly<Partial<Record<ReasonCode, Detailed>>> = {
  TASK_TYPE_NOT_ALLOWED: fromList('taskTypes', 'declare a type'),
  MODEL_NOT_ALLOWED: fromList('models', 'declare models'),
  TOOL_NOT_ALLOWED: fromList('tools', 'declare tools'),
  DATA_STORE_NOT_ALLOWED: fromList('dataStores', 'declare data stores'),
  DATA_CLASS_NOT_ALLOWED: fromList('dataClasses', 'send data of a class'),
  OUTSIDE_TIME_WINDOW: window,
  RATE_LIMITED: rate,
  INTAKE_LIMITED: rate,
  COST_PER_REQUEST_EXCEEDED: perRequest,
  TRUST_BELOW_ORG_FLOOR: trust,
  TRUST_BELOW_POLICY_MIN: trust,
  TRUST_BELOW_CONNECTION_MIN: trust,
  TRUST_TARGET_BELOW_MIN: trust,
  TRUST_CHAIN_BELOW_MIN: trust,
  BUDGET_ORG_EXHAUSTED: budget('ORG'),
  BUDGET_AGENT_EXHAUSTED: budget('AGENT'),
  BUDGET_CONNECTION_EXHAUSTED: budget('CONNECTION'),
  APPROVAL_COST_ABOVE_THRESHOLD: approve,
  APPROVAL_DAILY_ABOVE_THRESHOLD: approve,
  APPROVAL_TASK_TYPE: approve,
  APPROVAL_GUARDRAIL: approve,
  APPROVAL_PENDING: approve,
  VERDICT_TIMEOUT: silent,
  CONTROL_ERROR: failed,
  GUARDRAIL_BLOCKED: blocked,
};
