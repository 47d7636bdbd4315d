import { METRICS, SPAN_ATTRIBUTES, SPANS } from '@countersign/telemetry';

/** The page that says what every span, attribute and metric means: made of the lists that services are held to. */
export function telemetryReference(): string {
  return `${[
    '<!-- Made by `npm run observability` from libs/telemetry; do not edit. -->',
    '# Spans, attributes and metrics',
    'Every one there is; services can send no other. How to look at them: [observability](../guides/observability.md).',
    '## Spans',
    table(
      ['span', 'service', 'kind', 'meaning'],
      SPANS.map(({ name, service, role, meaning }) => [code(name), service, role, meaning]),
    ),
    '## Attributes',
    'Identifiers, codes, numbers and versions; never anything of a task or a result.',
    table(
      ['in the code', 'on the wire'],
      Object.entries(SPAN_ATTRIBUTES).map(([short, name]) => [code(short), code(name)]),
    ),
    '## Metrics',
    table(
      ['metric', 'kind', 'labels', 'meaning'],
      Object.entries(METRICS).map(([name, { kind, labels, help }]) => [
        code(name),
        kind,
        labels.map(code).join(', '),
        help,
      ]),
    ),
  ].join('\n\n')}\n`;
}

const code = (text: string): string => `\`${text}\``;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
