import type { Evaluation } from '@countersign/contracts';
import type { SpanAttributes } from './attributes.js';

/** What a span stands for in a conversation of two sides. */
export type SpanRole = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** A reference to a span of the same or another trace. */
export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes?: SpanAttributes;
}

/** A piece of work that is over. Instants in ms; its trace is the one of the evaluation. */
export interface SpanFact {
  readonly name: string;
  readonly role: SpanRole;
  readonly evaluation: Evaluation;
  /** Its own id, where somebody was told it before; else a fresh one. */
  readonly id?: string;
  /** Id of its parent; the evaluation's root when absent, none for the root itself. */
  readonly parent?: string | null;
  readonly start: number;
  readonly end: number;
  readonly attributes: SpanAttributes;
  readonly links?: readonly SpanLink[];
  /** A breakdown, as a code of the catalogue. A denial is no failure. */
  readonly failed?: string;
}

/** A piece of work on many evaluations at once: a trace of its own that links to what it did for each. */
export interface BatchFact {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly attributes: SpanAttributes;
}

/** A span of an evaluation. */
export interface EvaluationSpan {
  readonly evaluation: Evaluation;
  readonly spanId: string;
}

/** Records spans after the fact. Nothing is held open in memory, and nothing that decides depends on it. */
export abstract class Tracer {
  /** Whether the trace of an evaluation is kept; every service says the same of one evaluation. Ask before gathering attributes. */
  abstract sampled(evaluation: Evaluation): boolean;
  /** A fresh span id, to be told in a frame before its span is recorded. */
  abstract spanId(): string;
  /** Records a span of a sampled trace; drops it otherwise. Never throws. */
  abstract record(span: SpanFact): void;
  /** Records a batch; of spans whose traces are kept. Never throws. */
  abstract recordBatch(batch: BatchFact, spans: readonly EvaluationSpan[]): void;
}

/** Keeps nothing. */
export class NoTracer extends Tracer {
  sampled(): boolean {
    return false;
  }
  spanId(): string {
    return '0'.repeat(16);
  }
  record(): void {
    // nobody listens
  }
  recordBatch(): void {
    // nobody listens
  }
}
