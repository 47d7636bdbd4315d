import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, type HrTime, type SpanContext } from '@opentelemetry/api';
import { SamplingDecision, type ReadableSpan, type Sampler, type SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Resource } from '@opentelemetry/resources';
import type { Random } from '@countersign/primitives';
import { traceIdOf, type Evaluation } from '@countersign/contracts';
import { namedAttributes, type SpanAttributes } from './attributes.js';
import { rootSpanIdIn } from './span-ids.js';
import { Tracer, type BatchFact, type EvaluationSpan, type SpanFact, type SpanLink, type SpanRole } from './tracer.js';

const KINDS: Readonly<Record<SpanRole, SpanKind>> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};
const SCOPE = { name: 'countersign' } as const;
const ID_BYTES = 8;

/** What an OpenTelemetry tracer is made of. */
export interface OtelTracerParts {
  readonly processor: Pick<SpanProcessor, 'onEnd'>;
  readonly sampler: Sampler;
  readonly resource: Resource;
  readonly random: Random;
}

/**
 * Hands finished spans to an OpenTelemetry span processor. Spans are made whole, because their trace ids are derived and their times lie in the past: the
 * SDK's own tracer could be told neither.
 */
export class OtelTracer extends Tracer {
  /** Evaluations that were asked about: the same one is asked about several times, and each trace id is a hash. */
  readonly #known = new WeakMap<Evaluation, KnownTrace>();

  /** Random bytes for ids to come: asking for them one id at a time costs more than the span. */
  #ids: Buffer = Buffer.alloc(0);

  constructor(private readonly parts: OtelTracerParts) {
    super();
  }

  sampled(evaluation: Evaluation): boolean {
    return this.#traceOf(evaluation).kept;
  }

  spanId(): string {
    if (this.#ids.length < ID_BYTES) this.#ids = this.parts.random.bytes(ID_BYTES * 128);
    const id = this.#ids.toString('hex', 0, ID_BYTES);
    this.#ids = this.#ids.subarray(ID_BYTES);
    return id;
  }

  record(fact: SpanFact): void {
    const { name, role, evaluation, start, end, attributes, links = [], failed, id = this.spanId() } = fact;
    const { traceId, kept } = this.#traceOf(evaluation);
    if (!kept) return;
    const parent = fact.parent === undefined ? this.#rootOf(evaluation) : fact.parent;
    this.#end({
      name,
      role,
      start,
      end,
      context: contextOf(traceId, id),
      parent: parent === null ? undefined : contextOf(traceId, parent),
      attributes: { ...identity(evaluation), ...attributes },
      links,
      failed,
    });
  }

  recordBatch({ name, start, end, attributes }: BatchFact, spans: readonly EvaluationSpan[]): void {
    const context = contextOf(this.parts.random.bytes(16).toString('hex'), this.spanId());
    const links = spans.map(({ evaluation, spanId }) => ({ traceId: this.#traceOf(evaluation).traceId, spanId }));
    this.#end({ name, role: 'internal', start, end, context, parent: undefined, attributes, links, failed: undefined });
  }

  #traceOf(evaluation: Evaluation): KnownTrace {
    const known = this.#known.get(evaluation);
    if (known !== undefined) return known;
    const traceId = traceIdOf(evaluation);
    const trace = { traceId, kept: this.#keeps(traceId) };
    this.#known.set(evaluation, trace);
    return trace;
  }

  #rootOf(evaluation: Evaluation): string {
    const trace = this.#traceOf(evaluation);
    trace.root ??= rootSpanIdIn(trace.traceId);
    return trace.root;
  }

  #keeps(traceId: string): boolean {
    const { decision } = this.parts.sampler.shouldSample(ROOT_CONTEXT, traceId, '', SpanKind.INTERNAL, {}, []);
    return decision === SamplingDecision.RECORD_AND_SAMPLED;
  }

  #end(whole: WholeSpan): void {
    try {
      this.parts.processor.onEnd(readable(whole, this.parts.resource));
    } catch {
      // a span that cannot be kept changes nothing
    }
  }
}

interface KnownTrace {
  readonly traceId: string;
  readonly kept: boolean;
  root?: string;
}

interface WholeSpan {
  readonly name: string;
  readonly role: SpanRole;
  readonly start: number;
  readonly end: number;
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  readonly attributes: SpanAttributes;
  readonly links: readonly SpanLink[];
  readonly failed: string | undefined;
}

function readable(span: WholeSpan, resource: Resource): ReadableSpan {
  const { name, role, start, end, context, parent, attributes, links, failed } = span;
  return {
    name,
    kind: KINDS[role],
    spanContext: () => context,
    ...(parent === undefined ? {} : { parentSpanContext: parent }),
    startTime: hrTime(start),
    endTime: hrTime(Math.max(start, end)),
    duration: hrTime(Math.max(0, end - start)),
    ended: true,
    status: failed === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: failed },
    attributes: namedAttributes(attributes),
    links: links.map(linkOf),
    events: [],
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function identity({ key, attempt, round }: Evaluation) {
  return { org: key.org, agent: key.agent, task: key.task, attempt, round };
}

function contextOf(traceId: string, spanId: string): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

function linkOf({ traceId, spanId, attributes = {} }: SpanLink) {
  return { context: contextOf(traceId, spanId), attributes: namedAttributes(attributes) };
}

/** Milliseconds as seconds and nanoseconds. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
