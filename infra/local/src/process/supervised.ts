import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf } from '../local-error.js';
import type { ProcessExit, TetheredProcess } from './tethered-process.js';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
const STEADY_MS = 30_000;

export interface SupervisionOptions<T> {
  readonly name: string;
  /** Starts it and resolves when it is usable. */
  readonly launch: () => Promise<T>;
  readonly processOf: (launched: T) => TetheredProcess;
  /** True starts it again, with back-off, whenever it ends without having been told to. */
  readonly restart: boolean;
  /** Hears sentences for people: an unexpected end, a restart. */
  readonly report: (line: string) => void;
}

/** Something launched that is kept running until `stop`. */
export class Supervised<T> {
  readonly #options: SupervisionOptions<T>;
  readonly #ended = new AbortController();
  #current: T;
  #restarts = 0;
  #relaunching: Promise<void> = Promise.resolve();

  private constructor(options: SupervisionOptions<T>, first: T) {
    this.#options = options;
    this.#current = first;
    this.#watch(first, performance.now());
  }

  /** Launches it; a failure of the first launch is the caller's. */
  static async start<T>(options: SupervisionOptions<T>): Promise<Supervised<T>> {
    return new Supervised(options, await options.launch());
  }

  /** What runs now, or ran last while it is being started again. */
  get current(): T {
    return this.#current;
  }

  get running(): boolean {
    return this.#options.processOf(this.#current).running;
  }

  /** How often it had to be started again since it last ran steadily. */
  get restarts(): number {
    return this.#restarts;
  }

  kill(signal: NodeJS.Signals): void {
    this.#options.processOf(this.#current).kill(signal);
  }

  /** Ends it for good, also in the middle of a restart. */
  async stop(signal: NodeJS.Signals, graceMs: number): Promise<ProcessExit> {
    this.#ended.abort();
    await this.#relaunching;
    return this.#options.processOf(this.#current).stop(signal, graceMs);
  }

  #watch(launched: T, since: number): void {
    void this.#options.processOf(launched).exited.then((exit) => {
      if (this.#ended.signal.aborted) return;
      const how = exit.signal ?? `code ${String(exit.code)}`;
      this.#options.report(`${this.#options.name} ended unexpectedly (${how})`);
      if (performance.now() - since > STEADY_MS) this.#restarts = 0;
      if (this.#options.restart) this.#relaunching = this.#relaunch();
    });
  }

  async #relaunch(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      const delay = Math.min(FIRST_DELAY_MS * 2 ** this.#restarts, LONGEST_DELAY_MS);
      this.#restarts += 1;
      await sleep(delay, undefined, { signal: this.#ended.signal }).catch(() => undefined);
      if (this.#ended.signal.aborted) return;
      const since = performance.now();
      try {
        this.#current = await this.#options.launch();
        this.#options.report(`${this.#options.name} was started again after ${String(delay)} ms`);
        return this.#watch(this.#current, since);
      } catch (error) {
        this.#options.report(`${this.#options.name} could not be started again: ${reasonOf(error)}`);
      }
    }
  }
}
