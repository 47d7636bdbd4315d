import { Worker } from 'node:worker_threads';
import type { ScreeningAnswer, ScreeningJob } from '../../domain/screening/screening-job.js';
import { Progress } from './progress.js';
import { JobSender, readAnswers, type WiredAnswers } from './screening-wire.js';

/** Why a worker is gone, and what it was at: indexes into its chunk and into the guardrails of the job, -1 for none. */
export interface SeatLoss {
  readonly cause: 'TIMEOUT' | 'ERROR';
  readonly job: number;
  readonly guardrail: number;
}

/** Who hears from a worker. */
export interface SeatEvents {
  readonly answered: (answers: readonly ScreeningAnswer[]) => void;
  /** Called once; the worker is ended. */
  readonly lost: (loss: SeatLoss) => void;
}

/** A worker may take this long to come up before its first job. */
const START_MS = 10_000;
/** A run that is merely slow ends itself at its limit; one that stands still for this much longer hangs. Generous, because on a full machine a thread waits for its turn. */
const HANGS = { factor: 2, plusMs: 200 } as const;

/** One worker thread with what is known of its progress. */
export class ScreeningSeat {
  readonly #progress = new Progress();
  readonly #sender = new JobSender();
  readonly #worker: Worker;
  #steps = -1;
  #quietMs = 0;
  #over = false;

  constructor(
    options: { readonly script: URL; readonly key: Uint8Array; readonly memoryMb?: number },
    private readonly events: SeatEvents,
  ) {
    this.#progress.reset(START_MS);
    this.#worker = new Worker(options.script, {
      workerData: { key: new Uint8Array(options.key), progress: this.#progress.shared },
      resourceLimits: { maxOldGenerationSizeMb: options.memoryMb ?? 256, maxYoungGenerationSizeMb: 32 },
      // nothing of this process is theirs: no environment, no output of its own
      env: {},
    });
    this.#worker.unref();
    this.#worker.on('message', (message: WiredAnswers) => this.#hear(message));
    this.#worker.on('error', () => this.#lose('ERROR'));
    this.#worker.on('messageerror', () => this.#lose('ERROR'));
    this.#worker.on('exit', () => this.#lose('ERROR'));
  }

  /** Hands over a chunk; the bodies are copied, so that they are still here when the worker is not. */
  give(jobs: readonly ScreeningJob[]): void {
    this.#progress.reset(START_MS);
    this.#quietMs = 0;
    const [message, moved] = this.#sender.wire(jobs);
    this.#worker.postMessage(message, moved);
  }

  /** Called while it has work, with the milliseconds since the last time: ends a worker that stands still for longer than it may. */
  watch(elapsedMs: number): void {
    const { steps } = this.#progress;
    this.#quietMs = steps === this.#steps ? this.#quietMs + elapsedMs : 0;
    this.#steps = steps;
    if (this.#quietMs > this.#progress.limitMs * HANGS.factor + HANGS.plusMs) this.#lose('TIMEOUT');
  }

  /** Ends the worker without telling anybody. */
  async end(): Promise<void> {
    this.#over = true;
    await this.#worker.terminate();
  }

  #hear(message: WiredAnswers): void {
    if (this.#over) return;
    let answers: readonly ScreeningAnswer[];
    try {
      answers = readAnswers(message);
    } catch {
      return this.#lose('ERROR');
    }
    this.events.answered(answers);
  }

  #lose(cause: SeatLoss['cause']): void {
    if (this.#over) return;
    const { job, guardrail } = this.#progress;
    void this.end();
    this.events.lost({ cause, job, guardrail });
  }
}
