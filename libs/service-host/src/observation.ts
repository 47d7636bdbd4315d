import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { VerdictItem } from '@countersign/contracts';
import type { JudgedBatch, JudgeObserver } from '@countersign/bus';
import type { Metrics, Tracer } from '@countersign/telemetry';
import type { ReadModels } from './read-models.js';
import type { Readiness } from './readiness.js';

const NANOS = 1e9;

/** Watches a control judge: a span per verdict, one per frame with links to its tasks, and the counts. */
export function judgeObserver(tracer: Tracer, metrics: Metrics): JudgeObserver {
  return {
    spanOf: (task) => (tracer.sampled(task) ? tracer.spanId() : undefined),
    onBatch: (batch) => {
      countBatch(metrics, batch);
      traceBatch(tracer, batch);
    },
  };
}

function countBatch(metrics: Metrics, { control, size, endedAt, judged }: JudgedBatch): void {
  metrics.observe('countersign_batch_size', size, { control });
  for (const { task, verdict } of judged) {
    metrics.add('countersign_verdict_total', { control, verdict: verdict.decision });
    metrics.observe('countersign_verdict_seconds', Math.max(0, endedAt - task.streamAt) / 1000, { control });
    if (verdict.codes[0]?.code === 'CONTROL_ERROR')
      metrics.add('countersign_fail_closed_total', { control, cause: causeOf(verdict) });
  }
}

function causeOf({ details }: VerdictItem): string {
  const { cause } = details;
  return typeof cause === 'string' ? cause : 'error';
}

function traceBatch(tracer: Tracer, { control, size, startedAt, endedAt, judged }: JudgedBatch): void {
  const links = judged.flatMap(({ task, verdict }) => {
    const { span } = verdict;
    if (span === undefined) return [];
    const [first] = verdict.codes;
    tracer.record({
      name: `verdict ${control}`,
      role: 'consumer',
      evaluation: task,
      id: span,
      // the stream and this process tell the time by two clocks: nothing is judged before it is stored
      start: Math.max(startedAt, task.streamAt),
      end: endedAt,
      attributes: {
        control,
        decision: verdict.decision,
        code: first?.code,
        clause: first?.clause,
        ...(task.deliveries === undefined || task.deliveries < 2 ? {} : { redelivered: task.deliveries - 1 }),
        consumer: `${control}-ing`,
        system: 'nats',
        destination: 'ing.{p}.{s}.{org}.{agent}.{task}',
        operationType: 'process',
      },
    });
    return [{ evaluation: task, spanId: span }];
  });
  if (links.length > 0)
    tracer.recordBatch(
      { name: `judge ${control}`, start: startedAt, end: endedAt, attributes: { control, batchSize: size } },
      links,
    );
}

/** Gauges that every process has. */
export function watchProcess(
  metrics: Metrics,
  { readiness, models }: { readonly readiness: Readiness; readonly models: ReadModels },
): void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  metrics.gauge('countersign_ready', async () => [{ value: (await readiness.failing()).length === 0 ? 1 : 0 }]);
  metrics.gauge('countersign_process_heap_bytes', () => [{ value: process.memoryUsage().heapUsed }]);
  metrics.gauge('countersign_process_rss_bytes', () => [{ value: process.memoryUsage.rss() }]);
  metrics.gauge('countersign_event_loop_delay_seconds', () => {
    // fifty wake-ups a second, of a process that may have nothing else to do: not before somebody has asked
    const measured = !delay.enable();
    const value = measured ? delay.percentile(99) / NANOS : 0;
    delay.reset();
    return [{ value }];
  });
  metrics.gauge('countersign_read_model_staleness_seconds', () =>
    models.all().map((model) => ({ value: Math.min(model.stalenessMs() / 1000, 1e9), labels: { model: model.name } })),
  );
}
