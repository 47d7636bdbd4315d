/** What the server says of a consumer: up to which message it delivered and was acknowledged, and how many wait. */
export interface ConsumerState {
  readonly deliveredSeq: number;
  readonly acknowledgedSeq: number;
  readonly pending: number;
  readonly unacknowledged: number;
}

const MOST_MARKS = 120;

/** How far a consumer is behind its stream, known from looks at it: whatever stood in the stream at {@link Lag.heardUntil} has been acknowledged. */
export class Lag {
  readonly #marks: { readonly at: number; readonly seq: number }[] = [];
  #heardUntil = Number.NEGATIVE_INFINITY;

  /** Instant (ms) up to which everything was heard; before the first proof the beginning of time. */
  get heardUntil(): number {
    return this.#heardUntil;
  }

  /** Takes a look; `at` (ms) is before the server was asked. */
  observe(at: number, { deliveredSeq, acknowledgedSeq, pending, unacknowledged }: ConsumerState): void {
    if (pending === 0 && unacknowledged === 0) {
      this.#marks.length = 0;
      this.#heardUntil = Math.max(this.#heardUntil, at);
      return;
    }
    // nothing waited: all that stood in the stream at `at` had been delivered, and once it is acknowledged the consumer has caught up with `at`
    if (pending === 0) {
      if (this.#marks.length >= MOST_MARKS) this.#marks.pop();
      this.#marks.push({ at, seq: deliveredSeq });
    }
    while (this.#marks[0] !== undefined && this.#marks[0].seq <= acknowledgedSeq) {
      this.#heardUntil = Math.max(this.#heardUntil, this.#marks[0].at);
      this.#marks.shift();
    }
  }
}
