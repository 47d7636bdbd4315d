import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import { METRICS, type CounterName, type GaugeName, type HistogramName, type MetricName } from './catalogue.js';
import { Metrics, type Labels, type Reading } from './metrics.js';

/** Most sets of labels of one metric in one process; further ones are counted under `other`, so that no input can grow the series without end. */
const MAX_SERIES = 300;
/** How long a gauge may take to be read. */
const READING_MS = 2_000;

/** Metrics over an OpenTelemetry meter. */
export class OtelMetrics extends Metrics {
  readonly #counters = new Map<string, Counter>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #series = new Map<string, Map<string, Labels>>();

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
      for (const { value, labels = {} } of await inTime(read)) result.observe(value, this.#bounded(name, labels));
    });
  }

  /** The labels that the catalogue names, of a set that was there before or is still one of the first 300. */
  #bounded(name: MetricName, labels: Labels): Labels {
    const known = METRICS[name].labels as readonly string[];
    const key =
      known.length === 1 ? (labels[known[0] ?? ''] ?? '') : known.map((label) => labels[label] ?? '').join('\0');
    const seen = this.#series.get(name) ?? new Map<string, Labels>();
    if (seen.size === 0) this.#series.set(name, seen);
    const kept = seen.get(key);
    if (kept !== undefined) return kept;
    const full = seen.size >= MAX_SERIES;
    const fresh = Object.fromEntries(known.map((label) => [label, full ? 'other' : (labels[label] ?? '')]));
    if (!full) seen.set(key, fresh);
    return fresh;
  }
}

/** A reading that fails or takes too long is left out: it must not keep a scrape of everything else waiting. */
async function inTime(read: () => readonly Reading[] | Promise<readonly Reading[]>): Promise<readonly Reading[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Reading[]>((resolve) => {
    timer = setTimeout(() => resolve([]), READING_MS).unref();
  });
  try {
    return await Promise.race([read(), late]);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
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
