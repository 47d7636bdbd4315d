import { describe, expect, it } from '@jest/globals';
import { NoMetrics, Tracer, type SpanFact } from '@countersign/telemetry';
import { aTaskMessage, aVerdict, FixedClock } from '@countersign/testing';
import { judgeObserver } from './observation.js';

const SPAN = 'ab'.repeat(8);

class Recorded extends Tracer {
  readonly spans: SpanFact[] = [];
  batches = 0;

  constructor(private readonly keeps: boolean) {
    super();
  }
  sampled(): boolean {
    return this.keeps;
  }
  spanId(): string {
    return SPAN;
  }
  record(span: SpanFact): void {
    this.spans.push(span);
  }
  recordBatch(): void {
    this.batches += 1;
  }
}

function judged({ keeps = true, startedAt = 1_000, deliveries = 1 } = {}): Recorded {
  const tracer = new Recorded(keeps);
  const observer = judgeObserver(tracer, new NoMetrics());
  const task = { ...aTaskMessage({ streamAt: 1_000 }), deliveries };
  const span = observer.spanOf(task);
  const verdict = { ...aVerdict(task, 'policy', { clock: new FixedClock() }), ...(span === undefined ? {} : { span }) };
  observer.onBatch({ control: 'policy', size: 1, startedAt, endedAt: 1_010, judged: [{ task, verdict }] });
  return tracer;
}

describe('a verdict that was published', () => {
  it('is a span under the id that its item names, and one of its batch', () => {
    const { spans, batches } = judged({ startedAt: 1_004 });
    expect(spans).toMatchObject([{ name: 'verdict policy', id: SPAN, start: 1_004, end: 1_010 }]);
    expect(spans[0]?.attributes).not.toHaveProperty('redelivered');
    expect(batches).toBe(1);
  });

  it('never begins before its task was stored, whatever the clock of the process says', () =>
    expect(judged({ startedAt: 998 }).spans).toMatchObject([{ start: 1_000 }]));

  it('tells how often its task had been given before', () =>
    expect(judged({ deliveries: 3 }).spans[0]?.attributes.redelivered).toBe(2));

  it('is nothing where the trace is not kept', () => {
    const { spans, batches } = judged({ keeps: false });
    expect([spans, batches]).toEqual([[], 0]);
  });
});
