import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SystemRandom } from '@countersign/primitives';
import { traceIdOf } from '@countersign/contracts';
import { readTelemetrySettings } from './settings.js';
import { startTelemetry, type Telemetry } from './start-telemetry.js';

interface Posted {
  readonly url: string;
  readonly body: string;
}

async function scraped(telemetry: Telemetry): Promise<string> {
  const server = createServer(telemetry.scrape);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const text = await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`)).text();
  server.close();
  return text;
}

const evaluation = { key: { org: 'o', agent: 'a', task: 't' }, attempt: 1, round: 1 };

describe('a process with telemetry', () => {
  const posted: Posted[] = [];
  let receiver: Server;
  let base: string;

  beforeEach(async () => {
    posted.length = 0;
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        posted.push({ url: request.url ?? '', body: Buffer.concat(chunks).toString('utf8') });
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  });
  afterEach(() => void receiver.close());

  const start = (env: Record<string, string>): Telemetry =>
    startTelemetry(readTelemetrySettings({ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', ...env }), {
      service: 'policy',
      version: '1.2.3',
      random: new SystemRandom(),
    });

  it('sends spans and metrics by OTLP over HTTP before it ends', async () => {
    const telemetry = start({ OTEL_EXPORTER_OTLP_ENDPOINT: base });
    telemetry.tracer.record({ name: 'verdict policy', role: 'consumer', evaluation, start: 1, end: 2, attributes: {} });
    telemetry.metrics.add('countersign_verdict_total', { control: 'policy', verdict: 'APPROVE' });
    await telemetry.stop();
    expect(posted.map(({ url }) => url).sort()).toEqual(['/v1/metrics', '/v1/traces']);
    const traces = posted.find(({ url }) => url === '/v1/traces')?.body ?? '';
    expect(traces).toContain(traceIdOf(evaluation));
    expect(traces).toContain('"verdict policy"');
    expect(traces).toContain('1.2.3');
  });

  it('ends in time where nobody takes its telemetry', async () => {
    receiver.close();
    const telemetry = start({ OTEL_EXPORTER_OTLP_ENDPOINT: base });
    telemetry.tracer.record({ name: 'x', role: 'internal', evaluation, start: 1, end: 2, attributes: {} });
    await expect(telemetry.stop()).resolves.toBeUndefined();
  });

  it('counts the spans that find its queue full', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_BSP_MAX_QUEUE_SIZE: '2', OTEL_METRICS_EXPORTER: 'none' };
    const telemetry = start(env);
    for (let i = 0; i < 5; i += 1)
      telemetry.tracer.record({ name: `span ${i}`, role: 'internal', evaluation, start: 1, end: 2, attributes: {} });
    expect(await scraped(telemetry)).toContain('countersign_spans_dropped_total 3');
    await telemetry.stop();
    expect(posted.map(({ body }) => body.match(/"span \d"/g))).toEqual([['"span 0"', '"span 1"']]);
  });

  it('derives nothing and sends nothing at a ratio of 0', async () => {
    const telemetry = start({ OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_TRACES_SAMPLER: 'always_off' });
    expect(telemetry.tracer.sampled(evaluation)).toBe(false);
    telemetry.tracer.record({ name: 'x', role: 'internal', evaluation, start: 1, end: 2, attributes: {} });
    await telemetry.stop();
    expect(posted.filter(({ url }) => url === '/v1/traces')).toEqual([]);
  });

  it('answers a scrape without any setting, with the names of the catalogue', async () => {
    const telemetry = start({});
    telemetry.metrics.observe('countersign_verdict_seconds', 0.003, { control: 'policy' });
    telemetry.metrics.add('countersign_alerts_total', { kind: 'INVALID_FRAME' });
    telemetry.metrics.gauge('countersign_ready', () => [{ value: 1 }]);
    const text = await scraped(telemetry);
    await telemetry.stop();
    expect(text).toContain('countersign_verdict_seconds_bucket{control="policy",le="0.005"} 1');
    expect(text).toContain('countersign_alerts_total{kind="INVALID_FRAME"} 1');
    expect(text).toMatch(/^countersign_ready 1$/m);
  });
});
