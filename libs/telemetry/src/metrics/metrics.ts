import type { CounterName, GaugeName, HistogramName } from './catalogue.js';

/** Values of a metric's labels: reason codes, names of controls, states and causes only. */
export type Labels = Readonly<Record<string, string>>;

/** One reading of a gauge. */
export interface Reading {
  readonly value: number;
  readonly labels?: Labels;
}

/** Counts and measures. Nothing that decides depends on it. */
export abstract class Metrics {
  /** Counts up. */
  abstract add(name: CounterName, labels?: Labels, by?: number): void;
  /** Notes a value in a distribution. */
  abstract observe(name: HistogramName, value: number, labels?: Labels): void;
  /** Says how a gauge is read; it is read when somebody asks. Of several readers each adds its readings. */
  abstract gauge(name: GaugeName, read: () => readonly Reading[] | Promise<readonly Reading[]>): void;
}

/** Keeps nothing. */
export class NoMetrics extends Metrics {
  add(): void {
    // nobody listens
  }
  observe(): void {
    // nobody listens
  }
  gauge(): void {
    // nobody listens
  }
}
