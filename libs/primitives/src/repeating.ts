/** What is done again and again, and who hears of a run that failed. */
export interface RepeatingParts {
  /** From the start of one run to the start of the next. */
  readonly everyMs: number;
  /** One run. Of several steps it begins no further one once `stopping` is aborted. */
  readonly work: (stopping: AbortSignal) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Work that is done again and again. Never two runs at once: a run that takes longer than the time between two leaves one out. A failure is told, and the next run comes all the same. */
export class Repeating {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  readonly #stopping = new AbortController();

  constructor(private readonly parts: RepeatingParts) {}

  /** The first run comes when the time between two has passed. It keeps no process alive. */
  start(): void {
    this.#timer ??= setInterval(() => void this.now(), this.parts.everyMs).unref();
  }

  /** A run out of turn, or the one that is in work; resolves when it has ended, well or not. */
  now(): Promise<void> {
    if (this.#running === undefined && this.#stopping.signal.aborted) return Promise.resolve();
    return (this.#running ??= Promise.resolve()
      .then(() => this.parts.work(this.#stopping.signal))
      .catch((error: unknown) => this.parts.onError(error))
      .finally(() => (this.#running = undefined)));
  }

  /** Begins no further run and waits for the one in work. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#timer);
    await this.#running;
  }
}
