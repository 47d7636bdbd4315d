import { describe, expect, it } from '@jest/globals';
import { SpanStatusCode } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { TraceIdRatioBasedSampler, type ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Random } from '@countersign/primitives';
import { traceIdOf } from '@countersign/contracts';
import { OtelTracer } from './otel-tracer.js';
import { readTraceparent, rootSpanId } from './span-ids.js';
import type { SpanFact } from './tracer.js';

const key = { org: 'o', agent: 'a', task: 't' };
const evaluation = { key, attempt: 1, round: 1 };
const random: Random = { bytes: (count) => Buffer.alloc(count, 7) };

function tracer(ratio = 1): { readonly tracer: OtelTracer; readonly spans: ReadableSpan[] } {
  const spans: ReadableSpan[] = [];
  const processor = { onEnd: (span: ReadableSpan) => void spans.push(span) };
  const sampler = new TraceIdRatioBasedSampler(ratio);
  return { tracer: new OtelTracer({ processor, sampler, resource: resourceFromAttributes({}), random }), spans };
}

const fact: SpanFact = {
  name: 'verdict policy',
  role: 'consumer',
  evaluation,
  start: 1_000.25,
  end: 1_002.5,
  attributes: { control: 'policy', decision: 'APPROVE' },
};

describe('a span', () => {
  it('stands in the derived trace of its evaluation, under its root', () => {
    const { tracer: t, spans } = tracer();
    t.record(fact);
    const [span] = spans;
    expect(span?.spanContext()).toMatchObject({ traceId: traceIdOf(evaluation), spanId: '07'.repeat(8) });
    expect(span?.parentSpanContext?.spanId).toBe(rootSpanId(evaluation));
    expect(span?.startTime).toEqual([1, 250_000]);
    expect(span?.duration).toEqual([0, 2_250_000]);
  });

  it('of the root has the id that every service derives, and no parent', () => {
    const { tracer: t, spans } = tracer();
    t.record({ ...fact, id: rootSpanId(evaluation), parent: null });
    expect(spans[0]?.spanContext().spanId).toBe(rootSpanId(evaluation));
    expect(spans[0]?.parentSpanContext).toBeUndefined();
  });

  it('carries listed attributes only, whatever is handed in', () => {
    const { tracer: t, spans } = tracer();
    t.record({
      ...fact,
      attributes: { control: 'policy', body: 'payload', secret: 'hunter2' } as SpanFact['attributes'],
    });
    expect(spans[0]?.attributes).toEqual({
      'countersign.org': 'o',
      'countersign.agent': 'a',
      'messaging.message.conversation_id': 't',
      'countersign.attempt': 1,
      'countersign.round': 1,
      'countersign.control': 'policy',
    });
  });

  it('cuts text that is longer than any identifier', () => {
    const { tracer: t, spans } = tracer();
    t.record({ ...fact, attributes: { taskType: 'x'.repeat(5_000) } });
    expect(String(spans[0]?.attributes['countersign.task_type'])).toHaveLength(200);
  });

  it('links verdicts with what they said', () => {
    const { tracer: t, spans } = tracer();
    t.record({
      ...fact,
      links: [{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), attributes: { control: 'budget' } }],
    });
    expect(spans[0]?.links).toEqual([
      {
        context: { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 },
        attributes: { 'countersign.control': 'budget' },
      },
    ]);
  });

  it('that failed names a code and no message', () => {
    const { tracer: t, spans } = tracer();
    t.record({ ...fact, failed: 'CONTROL_ERROR' });
    expect(spans[0]?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'CONTROL_ERROR' });
  });

  it('that ends before it starts, as clocks of two machines may say, has no length', () => {
    const { tracer: t, spans } = tracer();
    t.record({ ...fact, start: 5, end: 3 });
    expect(spans[0]?.duration).toEqual([0, 0]);
    expect(spans[0]?.endTime).toEqual(spans[0]?.startTime);
  });

  it('that nobody can take is dropped without a word', () => {
    const processor = {
      onEnd: () => {
        throw new Error('full');
      },
    };
    const sampler = new TraceIdRatioBasedSampler(1);
    const t = new OtelTracer({ processor, sampler, resource: resourceFromAttributes({}), random });
    expect(() => t.record(fact)).not.toThrow();
  });
});

describe('sampling', () => {
  const evaluations = Array.from({ length: 2_000 }, (_, i) => ({
    key: { ...key, task: `t${i}` },
    attempt: 1,
    round: 1,
  }));

  it('keeps about the ratio, and every service the same traces', () => {
    const [one, other] = [tracer(0.1).tracer, tracer(0.1).tracer];
    const kept = evaluations.filter((e) => one.sampled(e));
    expect(kept.length).toBeGreaterThan(120);
    expect(kept.length).toBeLessThan(280);
    expect(evaluations.filter((e) => other.sampled(e))).toEqual(kept);
  });

  it('records nothing of a trace that is not kept', () => {
    const { tracer: t, spans } = tracer(0);
    expect(t.sampled(evaluation)).toBe(false);
    t.record(fact);
    expect(spans).toEqual([]);
  });
});

describe('a traceparent of an agent', () => {
  it.each([
    ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', true],
    ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00', true],
    [undefined, false],
    ['', false],
    ['00-00000000000000000000000000000000-b7ad6b7169203331-01', false],
    ['00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01', false],
    ['01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', false],
    ['00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01', false],
    ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more', false],
    [`00-${'a'.repeat(10_000)}`, false],
  ])('%s is read: %s', (value, read) => {
    expect(readTraceparent(value) !== undefined).toBe(read);
  });
});
