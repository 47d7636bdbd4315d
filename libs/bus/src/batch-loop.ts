/** A loop over whatever arrived while the previous batch was in work: at low load a batch holds one message and waits for nothing. */
export class BatchLoop<M> {
  #waiting: M[] = [];
  #running: Promise<void> | undefined;
  #stopped = false;
  #inWork: readonly M[] = [];

  constructor(
    private readonly parts: {
      readonly max: number;
      readonly handle: (batch: readonly M[]) => Promise<void>;
      readonly onError: (error: unknown) => void;
    },
  ) {}

  /** Takes a message; one batch is in work at a time. */
  push(message: M): void {
    this.#waiting.push(message);
    this.#running ??= this.#run();
  }

  /** Messages not finished yet, in work first. */
  unfinished(): readonly M[] {
    return [...this.#inWork, ...this.#waiting];
  }

  /** Starts no further batch, waits for the one in work, and gives back what was never started. */
  async stop(): Promise<readonly M[]> {
    this.#stopped = true;
    await this.#running;
    return this.#waiting.splice(0);
  }

  /** Handles all that was taken, then stops: for what nobody else would do soon. */
  async finish(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    // what arrives in the same turn of the event loop belongs to the same batch
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0 && !this.#stopped) {
      this.#inWork = this.#waiting.splice(0, this.parts.max);
      await this.parts.handle(this.#inWork).catch(this.parts.onError);
      this.#inWork = [];
    }
    this.#running = undefined;
  }
}
