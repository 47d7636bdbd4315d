import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readTelemetrySettings, TelemetryConfigInvalid } from './settings.js';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

describe('telemetry settings of the environment', () => {
  it('export nothing without an endpoint', () => {
    expect(readTelemetrySettings({})).toEqual({ traces: undefined, metrics: undefined, resource: {} });
  });

  it('send both signals under the one endpoint', () => {
    const { traces, metrics } = readTelemetrySettings(ENDPOINT);
    expect(traces).toEqual({
      endpoint: 'http://127.0.0.1:4318/v1/traces',
      protocol: 'http/protobuf',
      headers: {},
      ratio: 1,
      delayMs: 5_000,
      queueSize: 8_192,
    });
    expect(metrics).toMatchObject({ endpoint: 'http://127.0.0.1:4318/v1/metrics', intervalMs: 60_000 });
  });

  it('take the endpoint of a signal as it stands, and its headers before those of all', () => {
    const { traces } = readTelemetrySettings({
      ...ENDPOINT,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example/in',
      OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=2',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'b=3%2C4',
    });
    expect(traces).toMatchObject({ endpoint: 'https://traces.example/in', headers: { a: '1', b: '3,4' } });
  });

  it.each([
    [{}, 1],
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, 0],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' }, 0.01],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio' }, 1],
  ])('sample by %j', (env, ratio) => {
    expect(readTelemetrySettings({ ...ENDPOINT, ...env }).traces?.ratio).toBe(ratio);
  });

  it('are switched off signal by signal or whole', () => {
    expect(readTelemetrySettings({ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }).traces).toBeUndefined();
    expect(readTelemetrySettings({ ...ENDPOINT, OTEL_METRICS_EXPORTER: 'prometheus' }).metrics).toBeUndefined();
    expect(readTelemetrySettings({ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }).traces).toBeUndefined();
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
    [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL'],
    [{ ...ENDPOINT, OTEL_TRACES_SAMPLER: 'jaeger_remote' }, 'OTEL_TRACES_SAMPLER'],
    [{ ...ENDPOINT, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' }, 'OTEL_TRACES_SAMPLER_ARG'],
    [{ ...ENDPOINT, OTEL_BSP_SCHEDULE_DELAY: 'soon' }, 'OTEL_BSP_SCHEDULE_DELAY'],
    [{ ...ENDPOINT, OTEL_BSP_MAX_QUEUE_SIZE: '0' }, 'OTEL_BSP_MAX_QUEUE_SIZE'],
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, 'OTEL_TRACES_EXPORTER'],
    [{ ...ENDPOINT, OTEL_METRIC_EXPORT_INTERVAL: 'soon' }, 'OTEL_METRIC_EXPORT_INTERVAL'],
    [{ OTEL_CONFIG_FILE: 'no-such-file.yaml' }, 'no-such-file.yaml'],
  ])('refuse %j and name it', (env, name) => {
    expect(() => readTelemetrySettings(env)).toThrow(TelemetryConfigInvalid);
    expect(() => readTelemetrySettings(env)).toThrow(name);
  });
});

describe('telemetry settings of a file', () => {
  const written = (text: string): string => {
    const file = join(mkdtempSync(join(tmpdir(), 'otel-')), 'otel.yaml');
    writeFileSync(file, text);
    return file;
  };
  const FILE = `
file_format: "1.0"
resource:
  attributes:
    - { name: deployment.environment.name, value: staging }
tracer_provider:
  processors:
    - batch:
        exporter:
          otlp_http: { endpoint: "http://127.0.0.1:4318/v1/traces" }
  sampler:
    parent_based:
      root:
        trace_id_ratio_based: { ratio: 0.25 }
meter_provider:
  readers:
    - periodic:
        interval: 5000
        exporter:
          otlp_http: { endpoint: "http://127.0.0.1:4318/v1/metrics" }
`;

  it('decide alone, whatever the other variables say', () => {
    const settings = readTelemetrySettings({ OTEL_CONFIG_FILE: written(FILE), OTEL_TRACES_EXPORTER: 'none' });
    expect(settings).toEqual({
      traces: {
        endpoint: 'http://127.0.0.1:4318/v1/traces',
        protocol: 'http/protobuf',
        headers: {},
        ratio: 0.25,
        delayMs: 5_000,
        queueSize: 8_192,
      },
      metrics: {
        endpoint: 'http://127.0.0.1:4318/v1/metrics',
        protocol: 'http/protobuf',
        headers: {},
        intervalMs: 5_000,
      },
      resource: { 'deployment.environment.name': 'staging' },
    });
  });

  it('refuse an exporter that is not built in', () => {
    const file = written(FILE.replaceAll('otlp_http', 'otlp_grpc'));
    expect(() => readTelemetrySettings({ OTEL_CONFIG_FILE: file })).toThrow(/otlp_http exporter/);
  });
});
