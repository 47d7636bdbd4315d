import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import { METRICS, type CounterName, type GaugeName, type HistogramName, type MetricName } from './catalogue.js';
import { Metrics, type Labels, type Reading } from './metrics.js';

/** Most sets of labels of one metric in one process; further ones are counted under `other`, so that no input can grow the series without end. */
const MAX_SERIES = 300;

/** Metrics over an OpenTelemetry meter. */
export class OtelMetrics extends Metrics {
  readonly #counters = new Map<string, Counter>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #series = new Map<string, Set<string>>();

  constructor(private readonly meter: Meter) {
    super();
  }

  add(name: CounterName, labels: Labels = {}, by = 1): void {
    const known = this.#counters.get(name) ?? this.meter.createCounter(baseName(name), options(name));
    this.#counters.set(name, known);
    known.add(by, this.#bounded(name, labels));
  }

  observe(name: HistogramName, value: number, labels: Labels = {}): void {
    const known = this.#histograms.get(name) ?? this.meter.createHistogram(baseName(name), options(name));
    this.#histograms.set(name, known);
    known.record(value, this.#bounded(name, labels));
  }

  gauge(name: GaugeName, read: () => readonly Reading[] | Promise<readonly Reading[]>): void {
    this.meter.createObservableGauge(baseName(name), options(name)).addCallback(async (result) => {
      for (const { value, labels = {} } of await read()) result.observe(value, this.#bounded(name, labels));
    });
  }

  #bounded(name: MetricName, labels: Labels): Labels {
    const known = METRICS[name].labels as readonly string[];
    const kept = Object.fromEntries(known.map((label) => [label, labels[label] ?? '']));
    const key = known.map((label) => kept[label]).join('\0');
    const seen = this.#series.get(name) ?? new Set<string>();
    this.#series.set(name, seen);
    if (seen.has(key)) return kept;
    if (seen.size >= MAX_SERIES) return Object.fromEntries(known.map((label) => [label, 'other']));
    seen.add(key);
    return kept;
  }
}

/** The exporters put `_total` behind the name of a counter themselves. */
function baseName(name: MetricName): string {
  return name.replace(/_total$/, '');
}

function options(name: MetricName) {
  const spec: { readonly help: string; readonly buckets?: readonly number[] } = METRICS[name];
  return {
    description: spec.help,
    ...(name.endsWith('_seconds') ? { unit: 's' } : name.endsWith('_bytes') ? { unit: 'By' } : {}),
    ...(spec.buckets === undefined ? {} : { advice: { explicitBucketBoundaries: [...spec.buckets] } }),
  };
}
