import { beforeEach, describe, expect, it } from '@jest/globals';
import { CONTROLS, traceIdOf } from '@countersign/contracts';
import { NoMetrics, rootSpanId, Tracer, type SpanFact } from '@countersign/telemetry';
import { aTaskMessage, aVerdict, capturedLog, FixedClock } from '@countersign/testing';
import { adopt } from '../domain/adopt.js';
import { ORDINARY_TERMS } from '../domain/approval-terms.js';
import { takeVerdict } from '../domain/evaluation.js';
import { itemsOfDecision } from '../domain/items.js';
import type { CallerTrace, Evaluation, TaskRecord } from '../domain/model.js';
import type { Changed } from './ports.js';
import { TaskObservation } from './task-observation.js';

const clock = new FixedClock();
const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const TYPED = 'text-of-an-agent';

class Recorded extends Tracer {
  readonly spans: SpanFact[] = [];
  keeps = true;

  sampled(): boolean {
    return this.keeps;
  }
  spanId(): string {
    return '0'.repeat(16);
  }
  record(span: SpanFact): void {
    this.spans.push(span);
  }
  recordBatch(): void {
    throw new Error('the dispatcher judges no batches');
  }
}

/** A first round that all six have judged; those of `denying` against it. */
function judged(denying: readonly string[], callerTrace?: CallerTrace): Evaluation {
  const message = aTaskMessage({ streamAt: clock.now() - 40 });
  const { key, attempt, round, seq, streamAt, digest } = message;
  const [deadline, instance] = [streamAt + 600_000, undefined];
  const task = { taskType: TYPED, target: TYPED, deadline, instance, models: null, tools: null, usesModels: false };
  const counted = { verdicts: new Map(), missing: new Map(), deniedAt: undefined };
  const trace = callerTrace === undefined ? {} : { callerTrace };
  const evaluation: Evaluation = { key, attempt, round, seq, streamAt, digest, task, ...counted, ...trace };
  CONTROLS.forEach((control, i) => {
    const denial = { decision: 'DENY', codes: [{ code: 'TARGET_NOT_CONNECTED' }], connection: undefined } as const;
    const verdict = aVerdict(message, control, { clock, ...(denying.includes(control) ? (denial as object) : {}) });
    const ref = { frame: 'sha256:0', index: 0, leaf: 'sha256:0' };
    takeVerdict(evaluation, control, { ...verdict, span: `${i}`.repeat(16) }, { ref, at: streamAt + i });
  });
  return evaluation;
}

function decided(evaluation: Evaluation): Changed {
  const record = adopt(evaluation, undefined, { currency: 'USD', now: clock.now(), terms: ORDINARY_TERMS });
  if (record === undefined) throw new Error('nothing was decided');
  const items = itemsOfDecision(evaluation, record, 1, { nonce: () => 'AAAAAAAAAAAAAAAAAAAAAA', now: clock.now() });
  return { record, items, evaluation };
}

describe('what is traced of a decision', () => {
  let tracer: Recorded;
  let observation: TaskObservation;
  let log: ReturnType<typeof capturedLog>;
  beforeEach(() => {
    tracer = new Recorded();
    log = capturedLog('dispatcher');
    observation = new TaskObservation(tracer, new NoMetrics(), clock, log.logger);
  });
  const root = (): SpanFact | undefined => tracer.spans.find(({ parent }) => parent === null);

  it('begins with the last verdict and links every one, and the root is not written before the end', () => {
    const evaluation = judged([]);
    observation.changed([decided(evaluation)]);
    expect(tracer.spans.map(({ name }) => name)).toEqual(['publish ing', 'release']);
    const release = tracer.spans[1];
    expect(release).toMatchObject({ start: evaluation.streamAt + 5, end: clock.now() });
    const traceId = traceIdOf(evaluation);
    expect(release?.links).toEqual(
      CONTROLS.map((control, i) => ({
        traceId,
        spanId: `${i}`.repeat(16),
        attributes: { control, decision: 'APPROVE', code: undefined },
      })),
    );
  });

  it('that denies is a root with the stream’s instant, and with nothing that the agent wrote', () => {
    const evaluation = judged(['registry', 'policy'], CALLER);
    observation.changed([decided(evaluation)]);
    expect(tracer.spans.map(({ name }) => name)).toEqual(['publish ing', 'deny', 'invoke_agent']);
    expect(root()).toMatchObject({ id: rootSpanId(evaluation), start: evaluation.streamAt, end: clock.now() });
    expect(root()?.links).toEqual([{ ...CALLER, attributes: { foreignTrace: 'linked' } }]);
    // of an evaluation only its identity is sent
    const sent = tracer.spans.map(({ name, attributes, links }) => ({ name, attributes, links }));
    expect(JSON.stringify(sent)).not.toContain(TYPED);
  });

  it('tells that a traceparent was none, and keeps nothing of it', () => {
    observation.changed([decided(judged(['policy'], 'invalid'))]);
    expect(root()?.attributes.foreignTrace).toBe('invalid');
    expect(root()?.links).toEqual([]);
  });

  it('has a second round link the first, which a span of the agent belongs to', () => {
    const { record } = decided(judged([], CALLER));
    const before: TaskRecord = { ...record, round: 2, state: 'SCREENING', roundAt: clock.now() - 9 };
    observation.changed([{ before, record: { ...before, state: 'COMPLETED' }, items: [] }]);
    const first = { key: record.key, attempt: 1, round: 1 };
    expect(root()).toMatchObject({
      id: rootSpanId({ ...first, round: 2 }),
      start: clock.now() - 9,
      links: [{ traceId: traceIdOf(first), spanId: rootSpanId(first) }],
    });
    expect(root()?.links).toHaveLength(1);
  });

  it('keeps no task where it cannot be told', () => {
    tracer.record = () => {
      throw new Error('out of memory');
    };
    expect(() => observation.changed([decided(judged([]))])).not.toThrow();
    expect(log.lines).toMatchObject([{ level: 'warn' }]);
  });

  it('is nothing where the trace is not kept', () => {
    tracer.keeps = false;
    observation.changed([decided(judged(['policy']))]);
    expect(tracer.spans).toEqual([]);
  });
});
