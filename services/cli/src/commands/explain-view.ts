import { CONTROLS, isReasonCode, REASON_CODES, traceIdOf, type Control, type TaskKey } from '@countersign/contracts';
import { objectOf, objectsOf, stringOf, textOf, type Json } from './explain-json.js';

/** What a service said of the task, by service; empty where it knows nothing. */
export type Parts = Readonly<Record<string, Json>>;

/** One reason with its sentence. */
export interface Reason {
  readonly code: string;
  readonly clause: string;
  readonly side: string;
  readonly id: string;
  readonly message: string;
}

/** One control's verdict on the last decision. */
export interface VerdictView {
  readonly control: Control;
  /** APPROVE, DENY or ESCALATE; why there is none otherwise. */
  readonly decision: string;
  readonly codes: readonly string[];
  readonly versions: Json;
  /** Hash of the line in its signed frame. */
  readonly leaf: string | null;
}

/** One result of a guardrail, without content. */
export interface GuardrailView {
  readonly side: 'input' | 'output';
  readonly id: string;
  readonly version: string;
  readonly outcome: string;
  readonly action: string;
  readonly category: string;
  readonly shadow: boolean;
  readonly found: readonly { readonly part: string; readonly kind: string }[];
}

/** An entry of the record. */
export interface EntryView {
  readonly position: number;
  readonly type: string;
  readonly what: string;
  readonly at: string;
  readonly leaf: string;
}

/** A person's decision. */
export interface ApprovalView {
  readonly at: string;
  readonly by: string;
  readonly decision: string;
  readonly stage: string;
  readonly round: string;
}

/** Everything that is known of a task, as one value. */
export interface Explanation {
  readonly task: TaskKey;
  readonly state: string;
  readonly code: string | null;
  readonly attempt: number;
  readonly round: number;
  readonly claim: string;
  readonly acceptedAt: string | null;
  readonly endedAt: string | null;
  readonly traceId: string;
  readonly taskType: string;
  readonly why: readonly Reason[];
  readonly verdicts: readonly VerdictView[];
  /** Details of each verdict as it was signed; empty where the payload is gone. */
  readonly details: Readonly<Record<Control, Json>>;
  readonly facts: Json;
  readonly clauses: readonly Json[];
  readonly effectivePolicy: Json;
  readonly trust: Json;
  readonly trustNow: Json;
  readonly guardrails: readonly GuardrailView[];
  readonly money: {
    readonly estimateMicros: string | null;
    readonly chargedMicros: string | null;
    readonly priceBook: string;
    readonly scopes: readonly Json[];
    readonly attempts: readonly Json[];
  };
  readonly approvals: readonly ApprovalView[];
  readonly record: readonly EntryView[];
  /** State of the payload of the decision: open, erased, pruned, unreadable; null where it had none. */
  readonly payload: string | null;
}

/** Where amounts are told: the row, the record, the verdict of budget, and budget now. */
type MoneySources = Readonly<Record<'row' | 'facts' | 'decided' | 'finished' | 'budget' | 'now', Json>>;

interface Entry {
  readonly position: number;
  readonly leaf: string;
  readonly header: Json;
}

/** Puts together what the record says of the decision and what the services know now. The record comes first: it is what was judged by. */
export function explanationOf(task: TaskKey, parts: Parts): Explanation {
  const row = objectOf(parts['dispatcher']);
  const recorded = objectOf(parts['audit']);
  const entries = entriesOf(recorded);
  const decided = lastOf(entries, 'decided');
  const finished = lastOf(entries, 'finished');
  const [attempt, round] = [
    Number(row['attempt'] ?? decided['attempt'] ?? 1),
    Number(row['round'] ?? decided['round'] ?? 1),
  ];
  const verdicts = objectOf(recorded['verdicts']);
  const detailsOf = (control: Control): Json => objectOf(objectOf(verdicts[control])['details']);
  const details = {
    registry: detailsOf('registry'),
    policy: detailsOf('policy'),
    guardrails: detailsOf('guardrails'),
    trust: detailsOf('trust'),
    budget: detailsOf('budget'),
    audit: detailsOf('audit'),
  };
  const facts = objectOf(row['facts']);
  return {
    ...{ task, attempt, round, facts, details },
    state: stringOf(row['state']) ?? stringOf(finished['state']) ?? 'EVALUATING',
    code: stringOf(row['code']) ?? stringOf(finished['code']) ?? stringOf(decided['primary']) ?? null,
    claim: textOf(row['claim']),
    acceptedAt: stringOf(row['acceptedAt']) ?? null,
    endedAt: stringOf(row['endedAt']) ?? null,
    traceId: traceIdOf({ key: task, attempt, round }),
    taskType: textOf(facts['taskType'] ?? decided['taskType']),
    why: reasonsOf(row['codes'] ?? finished['codes'] ?? decided['codes']),
    verdicts: CONTROLS.map((control) => verdictView(control, decided, objectOf(verdicts[control]), facts)),
    clauses: objectsOf(details.policy['clauses']),
    effectivePolicy: objectOf(details.policy['effective']),
    trust: details.trust,
    trustNow: objectOf(objectOf(parts['trust'])['now']),
    guardrails: [
      ...guardrailsOf('input', decided['guardrails'] ?? facts['guardrails']),
      ...guardrailsOf('output', objectOf(finished['output'])['guardrails']),
    ],
    money: moneyOf({ row, facts, decided, finished, budget: details.budget, now: objectOf(parts['budget']) }),
    approvals: entries.flatMap(({ header }) => (header['stage'] === undefined ? [] : [approvalView(header)])),
    record: entries.map(entryView),
    payload: stringOf(recorded['payload']) ?? null,
  };
}

function moneyOf({ row, facts, decided, finished, budget, now }: MoneySources): Explanation['money'] {
  return {
    estimateMicros: stringOf(facts['estimateMicros']) ?? stringOf(decided['estimateMicros']) ?? null,
    chargedMicros: stringOf(row['chargedMicros']) ?? stringOf(finished['costMicros']) ?? null,
    priceBook: textOf(facts['priceBookVersion'] ?? decided['priceBookVersion']),
    scopes: objectsOf(budget['scopes']),
    attempts: objectsOf(now['attempts']),
  };
}

function entriesOf(recorded: Json): readonly Entry[] {
  return objectsOf(recorded['entries']).map((entry) => ({
    position: Number(entry['position']),
    leaf: textOf(entry['leaf']),
    header: objectOf(entry['header']),
  }));
}

function lastOf(entries: readonly Entry[], type: string): Json {
  return entries.findLast(({ header }) => header['type'] === type)?.header ?? {};
}

function reasonsOf(codes: unknown): readonly Reason[] {
  return objectsOf(codes).map((reason) => {
    const code = textOf(reason['code']);
    return {
      code,
      clause: textOf(reason['clause']),
      side: textOf(reason['side']),
      id: textOf(reason['id']),
      message: isReasonCode(code) ? REASON_CODES[code].message : '',
    };
  });
}

/** Entries of the first version hold the leaf alone; the signed line says more than the header. */
function verdictView(control: Control, decided: Json, line: Json, facts: Json): VerdictView {
  const named = objectOf(decided['verdicts'])[control];
  const compact = objectOf(named);
  const missing = objectOf(facts['missing']);
  const absent = missing['service'] === control ? textOf(missing['cause']) : 'not waited for';
  const versions = objectOf(line['versions'] ?? objectOf(decided['versions'] ?? facts['versions'])[control]);
  const leaf = stringOf(compact['leaf']) ?? stringOf(named) ?? null;
  return {
    control,
    decision: stringOf(line['decision']) ?? stringOf(compact['decision']) ?? (leaf === null ? absent : 'counted'),
    codes: objectsOf(line['codes'] ?? compact['codes']).map((reason) => textOf(reason['code'])),
    versions,
    leaf,
  };
}

function guardrailsOf(side: GuardrailView['side'], results: unknown): readonly GuardrailView[] {
  return objectsOf(results).map((result) => ({
    side,
    id: textOf(result['id']),
    version: textOf(result['version']),
    outcome: textOf(result['outcome']),
    action: textOf(result['action']),
    category: textOf(result['category']),
    shadow: result['shadow'] === true,
    found: objectsOf(result['spans']).map((span) => ({ part: textOf(span['part']), kind: textOf(span['kind']) })),
  }));
}

function approvalView(header: Json): ApprovalView {
  return {
    at: textOf(header['at']),
    by: textOf(objectOf(header['actor'])['id']),
    decision: textOf(header['decision']),
    stage: textOf(header['stage']),
    round: `${textOf(header['attempt'])}.${textOf(header['round'])}`,
  };
}

function entryView({ position, leaf, header }: Entry): EntryView {
  const what = textOf(header['decision'] ?? header['state'] ?? header['to']);
  return { position, leaf, type: textOf(header['type']), what, at: textOf(header['at']) };
}
