import { Clock } from '@countersign/primitives';
import { TEST_NOW_MS } from './builders/ids.js';

/** A clock that shows what the test says, and moves only when the test moves it. */
export class FixedClock extends Clock {
  #now: number;

  /** `at` in milliseconds since 1970, or as an instant. */
  constructor(at: number | string = TEST_NOW_MS) {
    super();
    this.#now = typeof at === 'number' ? at : Date.parse(at);
    if (!Number.isFinite(this.#now)) throw new Error(`not an instant: ${String(at)}`);
  }

  now(): number {
    return this.#now;
  }

  /** Goes on by this many milliseconds; a negative number steps back. */
  advance(ms: number): void {
    this.#now += ms;
  }

  /** Shows this instant from now on. */
  set(ms: number): void {
    this.#now = ms;
  }
}
