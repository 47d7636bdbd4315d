import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, type HrTime, type SpanContext } from '@opentelemetry/api';
import { SamplingDecision, type ReadableSpan, type Sampler, type SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Resource } from '@opentelemetry/resources';
import type { Random } from '@countersign/primitives';
import { traceIdOf, type Evaluation } from '@countersign/contracts';
import { namedAttributes } from './attributes.js';
import { rootSpanId } from './span-ids.js';
import { Tracer, type SpanFact, type SpanLink, type SpanRole } from './tracer.js';

const KINDS: Readonly<Record<SpanRole, SpanKind>> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};
const SCOPE = { name: 'countersign' } as const;

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
  constructor(private readonly parts: OtelTracerParts) {
    super();
  }

  sampled(evaluation: Evaluation): boolean {
    return this.#keeps(traceIdOf(evaluation));
  }

  spanId(): string {
    return this.parts.random.bytes(8).toString('hex');
  }

  record(fact: SpanFact): void {
    const traceId = traceIdOf(fact.evaluation);
    if (!this.#keeps(traceId)) return;
    try {
      this.parts.processor.onEnd(this.#spanOf(fact, traceId));
    } catch {
      // a span that cannot be kept changes nothing
    }
  }

  #keeps(traceId: string): boolean {
    const { decision } = this.parts.sampler.shouldSample(ROOT_CONTEXT, traceId, '', SpanKind.INTERNAL, {}, []);
    return decision === SamplingDecision.RECORD_AND_SAMPLED;
  }

  #spanOf(fact: SpanFact, traceId: string): ReadableSpan {
    const { name, role, evaluation, start, end, attributes, links = [], failed, id = this.spanId() } = fact;
    const parent = fact.parent === undefined ? rootSpanId(evaluation) : fact.parent;
    return {
      name,
      kind: KINDS[role],
      spanContext: () => contextOf(traceId, id),
      ...(parent === null ? {} : { parentSpanContext: contextOf(traceId, parent) }),
      startTime: hrTime(start),
      endTime: hrTime(Math.max(start, end)),
      duration: hrTime(Math.max(0, end - start)),
      ended: true,
      status: failed === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: failed },
      attributes: namedAttributes({ ...identity(evaluation), ...attributes }),
      links: links.map(linkOf),
      events: [],
      resource: this.parts.resource,
      instrumentationScope: SCOPE,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  }
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
