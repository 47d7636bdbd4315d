import type { ReceivedSpan } from './otlp-json.js';

const BAR = 44;
const NAME = 34;

/** Lines that show the traces of one task: a tree of spans, each with its duration, a bar where it lies in time, and what it came to. */
export function waterfall(spans: readonly ReceivedSpan[]): readonly string[] {
  const traces = Map.groupBy(spans, (span) => span.traceId);
  const ordered = [...traces.entries()].sort(([, a], [, b]) => startOf(a) - startOf(b));
  return ordered.flatMap(([traceId, own], i) => [...(i === 0 ? [] : ['']), ...linesOfTrace(traceId, own)]);
}

const startOf = (spans: readonly ReceivedSpan[]): number => Math.min(...spans.map((span) => span.start));

function linesOfTrace(traceId: string, spans: readonly ReceivedSpan[]): readonly string[] {
  const from = startOf(spans);
  const to = Math.max(...spans.map((span) => span.end));
  const root = spans.find((span) => span.parent === undefined) ?? spans[0];
  const head = `trace ${traceId}  attempt ${text(root?.attributes['countersign.attempt'])} round ${text(root?.attributes['countersign.round'])}  ${ms(to - from)}`;
  const ids = new Set(spans.map((span) => span.spanId));
  const tops = spans.filter((span) => span.parent === undefined || !ids.has(span.parent));
  return [head, ...tops.sort(byStart).flatMap((top) => linesOfSpan(top, 0, { spans, from, to }))];
}

interface Frame {
  readonly spans: readonly ReceivedSpan[];
  readonly from: number;
  readonly to: number;
}

const byStart = (a: ReceivedSpan, b: ReceivedSpan): number => a.start - b.start || a.end - b.end;

function linesOfSpan(span: ReceivedSpan, depth: number, frame: Frame): readonly string[] {
  const name = `${'  '.repeat(depth)}${span.name}`.padEnd(NAME).slice(0, NAME);
  const line = `${name} ${ms(span.end - span.start).padStart(9)} ${bar(span, frame)} ${outcome(span)}`.trimEnd();
  const children = frame.spans.filter((child) => child.parent === span.spanId).sort(byStart);
  return [line, ...children.flatMap((child) => linesOfSpan(child, depth + 1, frame))];
}

function bar(span: ReceivedSpan, { from, to }: Frame): string {
  const width = Math.max(to - from, 0.001);
  const left = Math.min(BAR - 1, Math.floor(((span.start - from) / width) * BAR));
  const length = Math.max(1, Math.min(BAR - left, Math.round(((span.end - span.start) / width) * BAR)));
  return `${' '.repeat(left)}${'█'.repeat(length)}`.padEnd(BAR);
}

const SHOWN = [
  'countersign.decision',
  'countersign.outcome',
  'gen_ai.guardrail.verdict.type',
  'countersign.record.kind',
  'countersign.state',
  'countersign.reason_code',
  'countersign.clause',
  'countersign.trust.level',
  'countersign.record.position',
] as const;

function outcome({ attributes, links, failed }: ReceivedSpan): string {
  const shown = SHOWN.flatMap((name) => (attributes[name] === undefined ? [] : [text(attributes[name])]));
  const linked = links.length === 0 ? [] : [`${links.length} links`];
  return [...new Set([...shown, ...(failed === undefined ? [] : [failed]), ...linked])].join(' ');
}

const text = (value: string | number | boolean | undefined): string => (value === undefined ? '' : String(value));
const ms = (duration: number): string => `${duration.toFixed(duration < 10 ? 2 : 1)} ms`;
