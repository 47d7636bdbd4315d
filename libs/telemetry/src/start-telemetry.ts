import type { IncomingMessage, ServerResponse } from 'node:http';
import { OTLPMetricExporter as JsonMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { OTLPTraceExporter as JsonTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes, type Resource } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TraceIdRatioBasedSampler, type SpanExporter } from '@opentelemetry/sdk-trace';
import type { Random } from '@countersign/primitives';
import { OtelMetrics } from './metrics/otel-metrics.js';
import type { Metrics } from './metrics/metrics.js';
import { OtelTracer } from './trace/otel-tracer.js';
import { NoTracer, type Tracer } from './trace/tracer.js';
import type { MetricSettings, TelemetrySettings, TraceSettings } from './settings.js';

const SCOPE = 'countersign';
const SHUTDOWN_MS = 2_000;

/** The telemetry of one process. */
export interface Telemetry {
  readonly tracer: Tracer;
  readonly metrics: Metrics;
  /** Answers a scrape in Prometheus' text format. */
  readonly scrape: (request: IncomingMessage, response: ServerResponse) => void;
  /** Exports what is left, at most for 2 s, and stops. Never throws. */
  readonly stop: () => Promise<void>;
}

/** Starts telemetry by its settings: metrics can always be scraped; spans and pushed metrics go where the settings say. */
export function startTelemetry(
  settings: TelemetrySettings,
  { service, version, random }: { readonly service: string; readonly version: string; readonly random: Random },
): Telemetry {
  const resource = resourceFromAttributes({
    'service.namespace': 'countersign',
    'service.name': service,
    'service.version': version,
    'service.instance.id': random.bytes(8).toString('hex'),
    ...settings.resource,
  });
  const prometheus = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true });
  const meters = new MeterProvider({
    resource,
    readers: [prometheus, ...(settings.metrics === undefined ? [] : [pushing(settings.metrics)])],
  });
  const metrics = new OtelMetrics(meters.getMeter(SCOPE));
  // a ratio of nothing costs nothing: no trace id is even derived
  const spans =
    settings.traces === undefined || settings.traces.ratio === 0
      ? undefined
      : tracing(settings.traces, { resource, random, metrics });
  return {
    tracer: spans?.tracer ?? new NoTracer(),
    metrics,
    scrape: (request, response) => prometheus.getMetricsRequestHandler(request, response),
    stop: async () => {
      const ends = Promise.allSettled([spans?.stop(), meters.shutdown()]);
      await Promise.race([ends, new Promise((resolve) => setTimeout(resolve, SHUTDOWN_MS).unref())]);
    },
  };
}

function pushing({ endpoint: url, headers, protocol, intervalMs }: MetricSettings): PeriodicExportingMetricReader {
  const Exporter = protocol === 'http/json' ? JsonMetricExporter : OTLPMetricExporter;
  return new PeriodicExportingMetricReader({
    exporter: new Exporter({ url, headers: { ...headers } }),
    exportIntervalMillis: intervalMs,
  });
}

interface Tracing {
  readonly tracer: Tracer;
  readonly stop: () => Promise<void>;
}

function tracing(
  { endpoint: url, headers, protocol, ratio, delayMs, queueSize }: TraceSettings,
  { resource, random, metrics }: { readonly resource: Resource; readonly random: Random; readonly metrics: Metrics },
): Tracing {
  const Exporter = protocol === 'http/json' ? JsonTraceExporter : OTLPTraceExporter;
  const exporter = new Exporter({ url, headers: { ...headers } });
  let waiting = 0;
  const left = (count: number): void => void (waiting -= count);
  const processor = new BatchSpanProcessor({
    exporter: counting(exporter, metrics, left),
    maxQueueSize: queueSize,
    scheduledDelayMillis: delayMs,
  });
  // a full queue would drop what comes without telling anybody
  const onEnd: BatchSpanProcessor['onEnd'] = (span) => {
    if (waiting >= queueSize) return metrics.add('countersign_spans_dropped_total');
    waiting += 1;
    processor.onEnd(span);
  };
  const sampler = new TraceIdRatioBasedSampler(ratio);
  return {
    tracer: new OtelTracer({ processor: { onEnd }, sampler, resource, random }),
    stop: () => processor.shutdown(),
  };
}

/** Counts spans that could not be exported, so that a missing trace is not taken for a missing task. */
function counting(exporter: SpanExporter, metrics: Metrics, left: (count: number) => void): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        left(spans.length);
        if (Number(result.code) !== 0) metrics.add('countersign_spans_dropped_total', {}, spans.length);
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
