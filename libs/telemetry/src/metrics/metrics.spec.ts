import { describe, expect, it } from '@jest/globals';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  FORBIDDEN_LABELS,
  METRICS,
  type CounterName,
  type GaugeName,
  type HistogramName,
  type MetricName,
} from './catalogue.js';
import { OtelMetrics } from './otel-metrics.js';

const names = Object.keys(METRICS) as MetricName[];

describe('the catalogue of metrics', () => {
  it.each(names)('%s has a sentence, the suffix of its kind and no label that grows without end', (name) => {
    const { help, kind, labels } = METRICS[name];
    expect(help).toMatch(/^\S.*\.$|^1 while/);
    expect(name.endsWith('_total')).toBe(kind === 'counter');
    expect(labels.filter((label) => (FORBIDDEN_LABELS as readonly string[]).includes(label))).toEqual([]);
  });
});

describe('series', () => {
  async function seriesOf(
    work: (metrics: OtelMetrics) => void,
  ): Promise<readonly { readonly name: string; readonly labels: object }[]> {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    work(new OtelMetrics(provider.getMeter('test')));
    await reader.forceFlush();
    const found = exporter
      .getMetrics()
      .flatMap((m) => m.scopeMetrics.flatMap((s) => s.metrics))
      .flatMap((m) => m.dataPoints.map((point) => ({ name: m.descriptor.name, labels: point.attributes })));
    await provider.shutdown();
    return found;
  }

  it('have the labels of the catalogue, whatever else is handed in', async () => {
    const found = await seriesOf((m) =>
      m.add('countersign_verdict_total', { control: 'policy', verdict: 'DENY', agent: 'a1' }),
    );
    expect(found).toEqual([{ name: 'countersign_verdict', labels: { control: 'policy', verdict: 'DENY' } }]);
  });

  it('stay under a bound while labels differ without end', async () => {
    const found = await seriesOf((m) => {
      for (let i = 0; i < 5_000; i += 1) m.add('countersign_tasks_total', { decision: 'deny', reason: `R${i}` });
    });
    expect(found).toHaveLength(301);
    expect(found.at(-1)?.labels).toEqual({ decision: 'other', reason: 'other' });
  });

  it('stay under a bound while 50 organisations and 1,000 agents write their names into every label', async () => {
    const tenants = Array.from({ length: 1_000 }, (_, i) => [`org-${i % 50}`, `agent-${i}`] as const);
    const found = await seriesOf((m) => {
      for (const [org, agent] of tenants)
        for (const name of names) {
          const own = METRICS[name].labels.map((label, i) => [label, i === 0 ? agent : org] as const);
          const labels = { ...Object.fromEntries(own), org, agent };
          if (METRICS[name].kind === 'counter') m.add(name as CounterName, labels);
          else if (METRICS[name].kind === 'histogram') m.observe(name as HistogramName, 1, labels);
          else m.gauge(name as GaugeName, () => [{ value: 1, labels }]);
        }
    });
    const labelled = names.filter((name) => METRICS[name].labels.length > 0);
    expect(found.length).toBeLessThanOrEqual(labelled.length * 301 + names.length - labelled.length);
  });

  it('of a gauge that fails, or that answers too late, keep no other waiting', async () => {
    const found = await seriesOf((m) => {
      m.gauge('countersign_open_sagas', () => Promise.reject(new Error('the database is away')));
      m.gauge('countersign_approvals_pending', () => new Promise(() => undefined));
      m.gauge('countersign_ready', () => [{ value: 1 }]);
    });
    expect(found.map(({ name }) => name)).toEqual(['countersign_ready']);
  });

  it('of a gauge are read when somebody asks', async () => {
    let value = 1;
    const found = await seriesOf((m) => {
      m.gauge('countersign_open_sagas', () => [{ value }]);
      value = 2;
    });
    expect(found).toEqual([{ name: 'countersign_open_sagas', labels: {} }]);
  });
});
