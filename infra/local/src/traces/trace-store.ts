import type { ReceivedSpan } from './otlp-json.js';

const TASK = 'messaging.message.conversation_id';
/** Most traces that are kept; the oldest go first. */
const MAX_TRACES = 5_000;
/** Most spans of one trace: nothing of a task has more, and what has is not of one. */
const MAX_SPANS = 500;

/** Recent traces of this machine, in memory. */
export class TraceStore {
  readonly #traces = new Map<string, Map<string, ReceivedSpan>>();
  readonly #tasks = new Map<string, Set<string>>();

  constructor(private readonly most: number = MAX_TRACES) {}

  /** Keeps spans; one that came before is replaced. */
  add(spans: readonly ReceivedSpan[]): void {
    for (const span of spans) {
      const trace = this.#traces.get(span.traceId) ?? new Map<string, ReceivedSpan>();
      this.#traces.set(span.traceId, trace);
      if (trace.size < MAX_SPANS) trace.set(span.spanId, span);
      const task = span.attributes[TASK];
      if (typeof task === 'string') this.#tasks.set(task, (this.#tasks.get(task) ?? new Set()).add(span.traceId));
    }
    this.#forget();
  }

  /** Spans of every trace of a task, by its id or the end of it. */
  ofTask(id: string): readonly ReceivedSpan[] {
    const task = this.#tasks.has(id) ? id : [...this.#tasks.keys()].find((known) => known.endsWith(id));
    const traces = task === undefined ? [] : [...(this.#tasks.get(task) ?? [])];
    return traces.flatMap((trace) => [...(this.#traces.get(trace)?.values() ?? [])]);
  }

  #forget(): void {
    for (const [traceId, spans] of this.#traces) {
      if (this.#traces.size <= this.most) return;
      this.#traces.delete(traceId);
      for (const { attributes } of spans.values()) {
        const task = attributes[TASK];
        if (typeof task !== 'string') continue;
        this.#tasks.get(task)?.delete(traceId);
        if (this.#tasks.get(task)?.size === 0) this.#tasks.delete(task);
      }
    }
  }
}
