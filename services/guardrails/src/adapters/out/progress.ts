/** How far a worker is, in memory that both sides see: a worker that hangs cannot send, but what it was at can be read. */
export class Progress {
  readonly #cells: Int32Array;

  constructor(readonly shared: SharedArrayBuffer = new SharedArrayBuffer(16)) {
    this.#cells = new Int32Array(shared);
  }

  /** Begins a chunk: nothing of it is in work yet. */
  reset(limitMs: number): void {
    this.at(-1, -1, limitMs);
  }

  /** Tells which job and guardrail come next, and how long they may take. */
  at(job: number, guardrail: number, limitMs: number): void {
    Atomics.store(this.#cells, 1, job);
    Atomics.store(this.#cells, 2, guardrail);
    Atomics.store(this.#cells, 3, limitMs);
    Atomics.add(this.#cells, 0, 1);
  }

  /** Steps so far: two readings that are equal mean that nothing went on between them. */
  get steps(): number {
    return Atomics.load(this.#cells, 0);
  }

  /** The job in work; -1 before the first. */
  get job(): number {
    return Atomics.load(this.#cells, 1);
  }

  /** The guardrail in work; -1 outside of any. */
  get guardrail(): number {
    return Atomics.load(this.#cells, 2);
  }

  get limitMs(): number {
    return Atomics.load(this.#cells, 3);
  }
}
