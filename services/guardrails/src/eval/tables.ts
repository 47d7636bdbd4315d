import type { Evaluation } from './evaluate.js';
import type { InjectionReport } from './injection.js';
import type { ValuesReport } from './values.js';

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function injectionTables(name: string, report: InjectionReport): string {
  const { texts, shipped, atRate, sources } = report;
  const overall = table(
    ['threshold', 'set for', 'recall', 'false alarms'],
    [
      [shipped.threshold, 'shipped', percent(shipped.recall), percent(shipped.falsePositives)],
      ...atRate.map((r) => [r.threshold, percent(r.wanted), percent(r.recall), percent(r.falsePositives)]),
    ],
  );
  const bySource = table(
    ['source', 'label', 'channel', 'texts', 'flagged', ...atRate.map((r) => `at ${percent(r.wanted)}`)],
    sources.map((s) => [s.source, s.label, s.channel, s.texts, percent(s.flagged), ...s.flaggedAtRate.map(percent)]),
  );
  return `${name}: ${texts.attacks} attacks, ${texts.benign} benign\n\n${overall}\n\n${bySource}`;
}

function valuesTables(name: string, { types, precision, benign }: ValuesReport): string {
  const recall = table(
    ['type', 'labelled', 'found', 'recall'],
    types.map((t) => [t.type, t.labelled, t.found, percent(t.recall)]),
  );
  const kinds = Object.entries(benign.kinds).map(([kind, n]) => `${kind} ${n}`);
  return `${name}\n\n${recall}\n\nprecision ${percent(precision)}; of ${benign.texts} benign texts ${percent(benign.rate)} hit (${kinds.join(', ')})`;
}

/** An evaluation as text for people. */
export function tablesOf({ injection, secrets, pii, latency }: Evaluation): string {
  return [
    ...Object.entries(injection).map(([name, report]) => injectionTables(name, report)),
    valuesTables('secrets', secrets),
    valuesTables('personal data', pii),
    table(
      ['characters', 'runs', 'p50 ms', 'p99 ms'],
      latency.map((l) => [l.characters, l.runs, l.p50, l.p99]),
    ),
  ].join('\n\n\n');
}
