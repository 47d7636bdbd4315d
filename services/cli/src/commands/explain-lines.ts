import { decimalOfMicros } from '@countersign/primitives';
import { tableLines } from '../output.js';
import { microsOf, objectOf, objectsOf, textOf, textsOf, type Json } from './explain-json.js';
import type { Explanation, GuardrailView } from './explain-view.js';

/** Columns of a screen. */
const WIDTH = 120;
const CLAUSE_COLUMNS = 4;
const MOST_GATES = 5;
const MOST_FOUND = 4;
const MOST_WRAPPED = 4;

/** An explanation for people: one screen. Sections about which nothing is known are left out. */
export function explanationLines(view: Explanation, changes: readonly string[], currency: string): readonly string[] {
  const sections = [
    heading(view),
    reasons(view),
    changeLines(changes),
    verdicts(view),
    clauses(view),
    trust(view),
    guardrails(view.guardrails),
    money(view, currency),
    approvals(view),
    record(view),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]))
    .map((line) => cut(line));
}

const cut = (line: string, width = WIDTH): string => (line.length > width ? `${line.slice(0, width - 1)}…` : line);
const short = (leaf: string | null): string => (leaf === null ? '' : leaf.replace('sha256:', '').slice(0, 16));
const amount = (micros: unknown): string => {
  const value = microsOf(micros);
  return value === undefined ? '' : decimalOfMicros(value);
};

function heading(view: Explanation): readonly string[] {
  const { task, state, code, taskType, attempt, round, claim, traceId, acceptedAt, endedAt } = view;
  return [
    `task ${task.task}  ${taskType}`,
    `${state}${code === null ? '' : ` ${code}`}  attempt ${attempt} round ${round}${claim === '' ? '' : `  claim ${claim}`}`,
    `accepted ${acceptedAt ?? 'unknown'}${endedAt === null ? '' : `  ended ${endedAt}`}  trace ${traceId}`,
  ];
}

function reasons({ why }: Explanation): readonly string[] {
  if (why.length === 0) return [];
  return tableLines(
    ['REASON', 'CLAUSE', 'SIDE', 'RULE', 'WHAT IT MEANS'],
    why.map(({ code, clause, side, id, message }) => [code, clause, side, id, message]),
  );
}

function changeLines(changes: readonly string[]): readonly string[] {
  return changes.length === 0 ? [] : ['TO PASS', ...changes.flatMap((change) => wrap(`- ${change}`))];
}

function verdicts(view: Explanation): readonly string[] {
  const rows = view.verdicts.map(({ control, decision, codes, versions, leaf }) => [
    control,
    decision,
    codes.join(' '),
    short(leaf),
    Object.entries(versions)
      .map(([what, version]) => `${what} ${textOf(version)}`)
      .join(' '),
  ]);
  const gone = view.payload === null || view.payload === 'open' ? [] : [`the verdicts themselves are ${view.payload}`];
  return [...lastColumnCut(['CONTROL', 'VERDICT', 'CODES', 'FRAME LEAF', 'VERSIONS'], rows), ...gone];
}

/** A table whose last column takes what room is left on the screen. */
function lastColumnCut(header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const others = header
    .slice(0, -1)
    .map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)) + 2);
  const room = WIDTH - others.reduce((sum, width) => sum + width, 0);
  return tableLines(
    header,
    rows.map((row) => [...row.slice(0, -1), cut(row.at(-1) ?? '', Math.max(room, 1))]),
  );
}

/** Clauses that pass stand close together; what stopped or asked has a line of its own with its details. */
function clauses({ clauses: all, effectivePolicy }: Explanation): readonly string[] {
  const told = all.map((c) => `${textOf(c['n'])} ${textOf(c['clause'])} ${resultText(textOf(c['result']))}`);
  const loud = all.filter(({ result }) => result === 'DENY' || result === 'ASK');
  const effective = Object.entries(effectivePolicy).map(([field, value]) => `${field} ${policyText(value)}`);
  return [
    ...(told.length === 0 ? [] : ['CLAUSES', ...columns(told)]),
    ...loud.map((c) => `  ${textOf(c['n'])} by ${textsOf(c['by']).join(', ')}: ${pairs(objectOf(c['detail']))}`),
    ...(effective.length === 0 ? [] : clipped(`EFFECTIVE POLICY  ${effective.join(' · ')}`)),
  ];
}

/** A clause that asks nothing of this task is a dash, as in `policy test`. */
const resultText = (result: string): string => (result === 'NOT_APPLICABLE' ? '-' : result);

function policyText(value: unknown): string {
  if (Array.isArray(value)) return `[${textsOf(value).join(', ')}]`;
  const { first, count } = objectOf(value);
  return count === undefined ? textOf(value) : `[${textsOf(first).join(', ')}, … ${textOf(count)}]`;
}

function trust({ trust: told, trustNow, facts }: Explanation): readonly string[] {
  const ends = (
    [
      ['client', 'client'],
      ['target', 'targetTrust'],
    ] as const
  ).flatMap(([end, fact]) => {
    const { level, score, raw, binding } = { ...objectOf(facts[fact]), ...objectOf(told[end]) } as Json;
    if (score === undefined) return [];
    const caps = objectsOf(binding).map(pairs).concat(textsOf(binding));
    return [
      `${end} ${textOf(level)} ${points(score)}${raw === undefined ? '' : ` (raw ${points(raw)}`}${caps.length === 0 ? '' : `, held down by ${caps.join(', ')}`}${raw === undefined ? '' : ')'}`,
    ];
  });
  const now =
    trustNow['score'] === undefined ? [] : [`client now ${textOf(trustNow['level'])} ${points(trustNow['score'])}`];
  // gates that fail come first: of those that pass a few are enough
  const all = objectsOf(told['gates']);
  const ordered = [...all.filter((gate) => gate['pass'] !== true), ...all.filter((gate) => gate['pass'] === true)];
  const gates = ordered.slice(0, MOST_GATES).map(gateCells);
  const lines = [...ends, ...now];
  return [
    ...(lines.length === 0 ? [] : [`TRUST  ${lines.join('  ·  ')}`]),
    ...(gates.length === 0 ? [] : tableLines(['GATE', '', 'REQUIRED', 'ACTUAL'], gates)),
    ...(all.length > gates.length ? [`and ${all.length - gates.length} more gates`] : []),
  ];
}

function gateCells(gate: Json): readonly string[] {
  const actual = objectOf(gate['actual']);
  return [
    textOf(gate['gate']),
    gate['pass'] === true ? 'passes' : 'FAILS',
    required(objectOf(gate['required'])),
    `${textOf(actual['level'])} ${points(actual['score'])}`,
  ];
}

const points = (value: unknown): string => (typeof value === 'number' ? (value / 100).toFixed(2) : textOf(value));
const required = ({ level, scoreHundredths }: Json): string => textOf(level) || points(scoreHundredths);

function guardrails(results: readonly GuardrailView[]): readonly string[] {
  const loud = results.filter(({ outcome }) => outcome !== 'NOT_TRIGGERED');
  const quiet = results.length - loud.length;
  if (results.length === 0) return [];
  const rows = loud
    .slice(0, MOST_FOUND)
    .map(({ side, id, version, outcome, action, category, shadow, found }) => [
      side,
      `${id} v${version}`,
      outcome,
      `${action}${shadow ? ' (shadow)' : ''}`,
      category,
      [...new Set(found.map(({ kind, part }) => `${kind} in part ${part}`))].join(', '),
    ]);
  const rest = `${quiet} guardrails ran and found nothing`;
  return loud.length === 0
    ? [`GUARDRAILS  ${rest}`]
    : [
        ...tableLines(['SIDE', 'GUARDRAIL', 'OUTCOME', 'ACTION', 'CATEGORY', 'FOUND'], rows),
        ...(quiet > 0 ? [rest] : []),
      ];
}

function money({ money: told }: Explanation, currency: string): readonly string[] {
  const { estimateMicros, chargedMicros, priceBook, scopes, attempts } = told;
  const held = attempts.map(
    (a) =>
      `attempt ${textOf(a['attempt'])}: reserved ${amount(a['reservedMicros'])}, ${textOf(a['state'])}${a['settledMicros'] === null || a['settledMicros'] === undefined ? '' : ` ${amount(a['settledMicros'])}`}`,
  );
  const line = [
    ...(estimateMicros === null ? [] : [`estimate ${amount(estimateMicros)} ${currency}`]),
    ...(chargedMicros === null ? [] : [`charged ${amount(chargedMicros)}`]),
    ...(priceBook === '' ? [] : [`price book ${priceBook}`]),
    ...held,
  ];
  const rows = scopes.map((s) => [
    textOf(s['scope']),
    textOf(s['period']),
    amount(s['limitMicros']) || 'none',
    amount(s['committedMicros']),
    amount(s['remainingMicros']) || 'no limit',
  ]);
  return [
    ...(line.length === 0 ? [] : wrap(`MONEY  ${line.join(' · ')}`)),
    ...(rows.length === 0 ? [] : tableLines(['BUDGET', 'PERIOD', 'LIMIT', 'COMMITTED BEFORE', 'REMAINING'], rows)),
  ];
}

function approvals({ approvals: told }: Explanation): readonly string[] {
  if (told.length === 0) return [];
  return tableLines(
    ['APPROVAL', 'BY', 'AT', 'STAGE', 'ROUND'],
    told.map(({ decision, by, at, stage, round }) => [decision, by, at, stage, round]),
  );
}

function record({ record: entries }: Explanation): readonly string[] {
  if (entries.length === 0) return [];
  const cells = entries.map(
    ({ position, type, what, leaf }) =>
      `${position} ${type}${what === '' || type.endsWith(what) ? '' : ` ${what}`} ${short(leaf).slice(0, 8)}`,
  );
  return clipped(`RECORD  ${cells.join(' · ')}`);
}

const pairs = (value: Json): string =>
  Object.entries(value)
    .map(([key, entry]) => `${key} ${policyText(entry)}`)
    .join(', ');

/** Cells in columns of one width, row by row. */
function columns(cells: readonly string[]): readonly string[] {
  const width = Math.floor((WIDTH - 2) / CLAUSE_COLUMNS);
  const rows: string[] = [];
  for (let i = 0; i < cells.length; i += CLAUSE_COLUMNS)
    rows.push(
      `  ${cells
        .slice(i, i + CLAUSE_COLUMNS)
        .map((cell) => cell.slice(0, width - 1).padEnd(width))
        .join('')}`.trimEnd(),
    );
  return rows;
}

/** A long line over few lines; all of it is in `--json`. */
function clipped(text: string): readonly string[] {
  const lines = wrap(text);
  return lines.length <= MOST_WRAPPED ? lines : [...lines.slice(0, MOST_WRAPPED - 1), '  … more with --json'];
}

/** Breaks a long line between words; what follows is set in by two. */
function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `  ${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
