import type { JudgedTask, TaskMessage } from '@countersign/bus';
import type { VerdictItem } from '@countersign/contracts';
import { SystemRandom, uuidV7 } from '@countersign/primitives';
import { judgeObserver } from '@countersign/service-host';
import { NoMetrics, NoTracer, startTelemetry, type Metrics, type Tracer } from '@countersign/telemetry';

const BATCH = 16;
const BATCHES = 500;
const ROUNDS = 30;
const random = new SystemRandom();
const NOW = 1_780_000_000_000;

/** Tracing of a ratio, without its export: what a control does for every verdict before its answer is out of the way. */
function tracerOf(ratio: number): Tracer {
  // nobody listens there, and no export begins while this runs: it does not give the event loop back
  const target = { endpoint: 'http://127.0.0.1:9/v1/traces', protocol: 'http/protobuf', headers: {} } as const;
  const traces = { ...target, ratio, delayMs: 3_600_000, queueSize: 100_000 };
  const settings = { traces, metrics: undefined, resource: {} };
  return startTelemetry(settings, { service: 'policy', version: '0', random }).tracer;
}

function metricsOfScrape(): Metrics {
  const settings = { traces: undefined, metrics: undefined, resource: {} };
  return startTelemetry(settings, { service: 'policy', version: '0', random }).metrics;
}

/** Messages that no tracer has seen, as every one is. */
function freshBatches(): readonly (readonly TaskMessage[])[] {
  const id = (): string => uuidV7(NOW, random);
  const [org, agent] = [id(), id()];
  return Array.from({ length: BATCHES }, () =>
    Array.from({ length: BATCH }, () => {
      const head = { key: { org, agent, task: id() }, attempt: 1, round: 1, seq: 1, streamAt: NOW };
      return { ...head, subject: '', body: Buffer.alloc(0), digest: 'sha256:', envelope: { ok: false } } as never;
    }),
  );
}

function nanosPerVerdict(tracer: Tracer, metrics: Metrics): number {
  const observer = judgeObserver(tracer, metrics);
  const verdict = { decision: 'APPROVE', codes: [], details: {} } as unknown as VerdictItem;
  const taken: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const batches = freshBatches();
    const began = process.cpuUsage();
    for (const tasks of batches) {
      const judged = tasks.map((task): JudgedTask => {
        const span = observer.spanOf(task);
        return { task, verdict: span === undefined ? verdict : { ...verdict, span } };
      });
      observer.onBatch({ control: 'policy', size: BATCH, startedAt: NOW, endedAt: NOW + 1, judged });
    }
    const { user, system } = process.cpuUsage(began);
    taken.push(((user + system) * 1_000) / (BATCH * BATCHES));
  }
  // the first rounds are not compiled yet; the median is no time of a neighbour's
  return taken.slice(5).sort((a, b) => a - b)[Math.floor((ROUNDS - 5) / 2)] ?? 0;
}

const none = nanosPerVerdict(new NoTracer(), new NoMetrics());
const rows = [
  ['neither traces nor metrics (the loop itself)', none],
  ['traces, ratio 0', nanosPerVerdict(tracerOf(0), new NoMetrics()) - none],
  ['traces, ratio 0.01', nanosPerVerdict(tracerOf(0.01), new NoMetrics()) - none],
  ['traces, ratio 1, without export', nanosPerVerdict(tracerOf(1), new NoMetrics()) - none],
  ['metrics', nanosPerVerdict(new NoTracer(), metricsOfScrape()) - none],
] as const;
for (const [what, nanos] of rows)
  process.stdout.write(`${what.padEnd(46)} ${nanos.toFixed(0).padStart(7)} ns a verdict\n`);
process.exit(0);
