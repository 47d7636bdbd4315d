import { Injectable } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { Logger, Metrics, Tracer } from '@countersign/telemetry';
import { endedRound, leftWaiting } from '../domain/rounds-in-traces.js';
import type { Changed } from './ports.js';
import { approvalSpan, decisionSpan, publicationSpan, resultSpan, rootSpan, roundOf, unjudged } from './task-spans.js';

/**
 * Counts and traces what happens to tasks, after it was committed: whoever wrote the row records the span, so a task that is read again after a crash has one root. Nothing
 * that decides depends on it.
 */
@Injectable()
export class TaskObservation {
  constructor(
    private readonly tracer: Tracer,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Takes note of rows that changed. Never throws: what cannot be told must not keep a task. */
  changed(changes: readonly Changed[]): void {
    const now = this.clock.now();
    this.#told(() => {
      for (const change of changes) {
        this.#count(change, now);
        this.#trace(change, now);
      }
    });
  }

  /** Takes note of results that were taken: `arrivedAt` tells by their sequence when the stream took them. */
  resulted(changes: readonly Changed[], arrivedAt: ReadonlyMap<number, number>): void {
    const end = this.clock.now();
    this.#told(() => {
      for (const { record } of changes) {
        const start = arrivedAt.get(record.result?.seq ?? 0);
        if (start !== undefined && this.tracer.sampled(record)) this.tracer.record(resultSpan(record, { start, end }));
      }
    });
  }

  #told(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.logger.warn('a change could not be counted and traced', { error });
    }
  }

  #count({ record, items, evaluation }: Changed, now: number): void {
    for (const item of items) {
      if (item.type === 'decided') {
        const { decision, primary: reason = '' } = item;
        const began = evaluation?.streamAt ?? record.roundAt ?? record.acceptedAt;
        this.metrics.add('countersign_tasks_total', { decision, reason });
        this.metrics.observe('countersign_decision_seconds', seconds(began, now), { decision });
      } else if (item.type === 'finished') {
        const { state, code: reason = '' } = item;
        this.metrics.add('countersign_ended_total', { state, reason });
        this.metrics.observe('countersign_end_seconds', seconds(record.acceptedAt, now), { state });
      }
    }
  }

  #trace(change: Changed, now: number): void {
    this.#traceDecision(change, now);
    const round = endedRound(change);
    if (round !== undefined) {
      const evaluation = roundOf(change.record, round);
      if (this.tracer.sampled(evaluation)) this.tracer.record(rootSpan(change, evaluation, now));
    }
    const waited = leftWaiting(change);
    if (waited !== undefined && this.tracer.sampled(waited)) this.tracer.record(approvalSpan(change, waited, now));
  }

  #traceDecision({ record, items, evaluation }: Changed, now: number): void {
    const decided = items.find((item) => item.type === 'decided');
    const judged = evaluation ?? (decided === undefined ? undefined : unjudged(record));
    if (judged === undefined || !this.tracer.sampled(judged)) return;
    this.tracer.record(publicationSpan(judged));
    if (decided !== undefined) this.tracer.record(decisionSpan(judged, decided, record, now));
  }
}

function seconds(from: number, to: number): number {
  return Math.max(0, to - from) / 1000;
}
