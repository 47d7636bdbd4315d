import { existsSync } from 'node:fs';
import { mergeHeadersConfig, mergeResourceAttributesConfig, parseConfigFile } from '@opentelemetry/configuration';

/** How OTLP is written. */
export const OTLP_PROTOCOLS = ['http/protobuf', 'http/json'] as const;
/** How OTLP is written. */
export type OtlpProtocol = (typeof OTLP_PROTOCOLS)[number];

/** Where a signal goes. */
export interface OtlpTarget {
  readonly endpoint: string;
  readonly protocol: OtlpProtocol;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where spans go, and how many traces are kept: by the ratio of trace ids, 1 keeps all and 0 none. */
export interface TraceSettings extends OtlpTarget {
  readonly ratio: number;
  /** How long spans wait for others to be sent with them. */
  readonly delayMs: number;
  /** Most spans that wait; further ones are dropped. */
  readonly queueSize: number;
}

/** How metrics are pushed; they can be scraped in any case. */
export interface MetricSettings extends OtlpTarget {
  readonly intervalMs: number;
}

/** What telemetry does in one process. */
export interface TelemetrySettings {
  /** Absent when spans are not exported. */
  readonly traces: TraceSettings | undefined;
  /** Absent when metrics are not pushed. */
  readonly metrics: MetricSettings | undefined;
  readonly resource: Readonly<Record<string, string>>;
}

/** The OpenTelemetry settings name something that this product does not do, or make no sense. */
export class TelemetryConfigInvalid extends Error {
  readonly code = 'TELEMETRY_CONFIG_INVALID';
}

type Env = Readonly<Record<string, string | undefined>>;
const INTERVAL_MS = 60_000;
const DELAY_MS = 5_000;
const QUEUE_SIZE = 8_192;

/**
 * Reads the standard variables of OpenTelemetry, or the file that `OTEL_CONFIG_FILE` names (declarative configuration), which then decides alone. Without an
 * endpoint nothing is exported. Throws {@link TelemetryConfigInvalid} with the name of what cannot be done: an exporter that is silently left out would be
 * missed only when it is needed.
 */
export function readTelemetrySettings(env: Env): TelemetrySettings {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true')
    return { traces: undefined, metrics: undefined, resource: {} };
  const file = env['OTEL_CONFIG_FILE'];
  return file === undefined || file === '' ? fromEnvironment(env) : fromFile(file);
}

function fromEnvironment(env: Env): TelemetrySettings {
  const traces = targetOfSignal(env, 'TRACES');
  const metrics = targetOfSignal(env, 'METRICS');
  return {
    traces: traces === undefined ? undefined : { ...traces, ratio: ratioOf(env), ...batchOf(env) },
    metrics:
      metrics === undefined ? undefined : { ...metrics, intervalMs: intervalOf(env['OTEL_METRIC_EXPORT_INTERVAL']) },
    resource: listOf(env['OTEL_RESOURCE_ATTRIBUTES']),
  };
}

function targetOfSignal(env: Env, signal: 'TRACES' | 'METRICS'): OtlpTarget | undefined {
  const endpoint = endpointOf(env, signal);
  if (endpoint === undefined) return undefined;
  const headers = {
    ...listOf(env['OTEL_EXPORTER_OTLP_HEADERS']),
    ...listOf(env[`OTEL_EXPORTER_OTLP_${signal}_HEADERS`]),
  };
  return { endpoint, headers, protocol: protocolOf(env, signal) };
}

/** The endpoint of a signal; undefined where it is not exported. */
function endpointOf(env: Env, signal: 'TRACES' | 'METRICS'): string | undefined {
  const exporter = env[`OTEL_${signal}_EXPORTER`] ?? 'otlp';
  const known = signal === 'METRICS' ? ['otlp', 'none', 'prometheus'] : ['otlp', 'none'];
  if (!known.includes(exporter))
    throw new TelemetryConfigInvalid(`OTEL_${signal}_EXPORTER must be one of ${known.join(', ')}, not ${exporter}`);
  if (exporter !== 'otlp') return undefined;
  const own = env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`];
  const base = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const endpoint =
    own ?? (base === undefined || base === '' ? undefined : `${base.replace(/\/$/, '')}/v1/${signal.toLowerCase()}`);
  return endpoint === undefined || endpoint === ''
    ? undefined
    : urlOf(endpoint, `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`);
}

function urlOf(text: string, name: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text;
  throw new TelemetryConfigInvalid(`${name} must be an http or https URL such as http://127.0.0.1:4318`);
}

function protocolOf(env: Env, signal: 'TRACES' | 'METRICS'): OtlpProtocol {
  const own = `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`;
  const name = env[own] === undefined ? 'OTEL_EXPORTER_OTLP_PROTOCOL' : own;
  const found = OTLP_PROTOCOLS.find((protocol) => protocol === (env[name] ?? 'http/protobuf'));
  if (found !== undefined) return found;
  throw new TelemetryConfigInvalid(`${name} must be ${OTLP_PROTOCOLS.join(' or ')}, not ${String(env[name])}`);
}

function ratioOf(env: Env): number {
  const sampler = env['OTEL_TRACES_SAMPLER'] ?? 'parentbased_always_on';
  switch (sampler.replace(/^parentbased_/, '')) {
    case 'always_on':
      return 1;
    case 'always_off':
      return 0;
    case 'traceidratio':
      return ratio(env['OTEL_TRACES_SAMPLER_ARG'] ?? '1', 'OTEL_TRACES_SAMPLER_ARG');
    default:
      throw new TelemetryConfigInvalid(
        `OTEL_TRACES_SAMPLER must be always_on, always_off or traceidratio (parentbased_ or not), not ${sampler}`,
      );
  }
}

function ratio(text: string | number, name: string): number {
  const value = Number(text);
  if (value >= 0 && value <= 1) return value;
  throw new TelemetryConfigInvalid(`${name} must be a number from 0 to 1, not ${text}`);
}

function intervalOf(text: string | undefined): number {
  const value = Number(text ?? INTERVAL_MS);
  if (Number.isInteger(value) && value >= 1_000) return value;
  throw new TelemetryConfigInvalid(
    `OTEL_METRIC_EXPORT_INTERVAL must be milliseconds from 1000 on, not ${String(text)}`,
  );
}

function batchOf(env: Env): Pick<TraceSettings, 'delayMs' | 'queueSize'> {
  return {
    delayMs: wholeOf(env['OTEL_BSP_SCHEDULE_DELAY'] ?? DELAY_MS, 'OTEL_BSP_SCHEDULE_DELAY'),
    queueSize: wholeOf(env['OTEL_BSP_MAX_QUEUE_SIZE'] ?? QUEUE_SIZE, 'OTEL_BSP_MAX_QUEUE_SIZE'),
  };
}

function wholeOf(text: string | number, name: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new TelemetryConfigInvalid(`${name} must be a whole number from 1 on, not ${text}`);
}

/** `a=b,c=d` with percent-encoding, as the specification writes lists. */
function listOf(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '').split(',').flatMap((entry) => {
    const at = entry.indexOf('=');
    if (at < 1) return [];
    return [[entry.slice(0, at).trim(), decodeURIComponent(entry.slice(at + 1).trim())] as const];
  });
  return Object.fromEntries(pairs);
}

type Model = ReturnType<typeof parseConfigFile>;

function fromFile(file: string): TelemetrySettings {
  if (!existsSync(file)) throw new TelemetryConfigInvalid(`OTEL_CONFIG_FILE names ${file}, which is not there`);
  const model = modelOf(file);
  if (model.disabled === true) return { traces: undefined, metrics: undefined, resource: {} };
  const attributes = mergeResourceAttributesConfig(model.resource?.attributes, model.resource?.attributes_list) ?? [];
  return {
    traces: tracesOf(model, file),
    metrics: metricsOf(model, file),
    resource: Object.fromEntries(attributes.map(({ name, value }) => [name, String(value)])),
  };
}

function modelOf(file: string): Model {
  try {
    return parseConfigFile(file);
  } catch (error) {
    throw new TelemetryConfigInvalid(
      `${file} is no declarative configuration of OpenTelemetry: ${error instanceof Error ? error.message : 'unreadable'}`,
      { cause: error },
    );
  }
}

interface FileExporter {
  readonly endpoint?: string | null;
  readonly encoding?: string | null;
  readonly headers?: Parameters<typeof mergeHeadersConfig>[0];
  readonly headers_list?: string | null;
}

function tracesOf({ tracer_provider: provider }: Model, file: string): TraceSettings | undefined {
  if (provider === undefined) return undefined;
  const [processor, ...more] = provider.processors;
  const exporter = processor?.batch?.exporter.otlp_http as FileExporter | null | undefined;
  if (more.length > 0 || exporter === undefined || exporter === null)
    throw new TelemetryConfigInvalid(`${file}: tracer_provider takes one batch processor with an otlp_http exporter`);
  const { schedule_delay: delay, max_queue_size: queue } = processor?.batch ?? {};
  return {
    ...targetOf(exporter, `${file}: tracer_provider`),
    ratio: fileRatio(provider.sampler, file),
    delayMs: wholeOf(delay ?? DELAY_MS, `${file}: schedule_delay`),
    queueSize: wholeOf(queue ?? QUEUE_SIZE, `${file}: max_queue_size`),
  };
}

function metricsOf({ meter_provider: provider }: Model, file: string): MetricSettings | undefined {
  if (provider === undefined) return undefined;
  const [reader, ...more] = provider.readers;
  const exporter = reader?.periodic?.exporter.otlp_http as FileExporter | null | undefined;
  if (more.length > 0 || exporter === undefined || exporter === null)
    throw new TelemetryConfigInvalid(`${file}: meter_provider takes one periodic reader with an otlp_http exporter`);
  return {
    ...targetOf(exporter, `${file}: meter_provider`),
    intervalMs: intervalOf(String(reader?.periodic?.interval ?? INTERVAL_MS)),
  };
}

function targetOf(exporter: FileExporter, name: string): OtlpTarget {
  return {
    protocol: exporter.encoding === 'json' ? 'http/json' : 'http/protobuf',
    endpoint: urlOf(exporter.endpoint ?? '', `${name}: otlp_http.endpoint`),
    headers: mergeHeadersConfig(exporter.headers, exporter.headers_list) ?? {},
  };
}

function fileRatio(sampler: NonNullable<Model['tracer_provider']>['sampler'], file: string): number {
  if (sampler === undefined) return 1;
  const root = sampler.parent_based?.root ?? sampler;
  if (root.always_on !== undefined) return 1;
  if (root.always_off !== undefined) return 0;
  if (root.trace_id_ratio_based !== undefined)
    return ratio(root.trace_id_ratio_based?.ratio ?? 1, `${file}: trace_id_ratio_based.ratio`);
  throw new TelemetryConfigInvalid(`${file}: sampler must be always_on, always_off or trace_id_ratio_based`);
}
