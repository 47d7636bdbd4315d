import { BodyScreener } from '../../application/ports.js';
import { UNAVAILABLE, type ScreeningAnswer, type ScreeningJob } from '../../domain/screening/screening-job.js';
import { ScreeningSeat, type SeatLoss } from './screening-seat.js';

/** How a pool is set up. */
export interface PoolOptions {
  /** The program of its workers. */
  readonly script: URL;
  readonly key: Uint8Array;
  readonly size: number;
  /** How long a body may wait and be screened altogether. */
  readonly longestMs?: number;
  readonly memoryMb?: number;
  /** Told of every worker that had to be replaced; no content is in it. */
  readonly onLoss: (loss: SeatLoss) => void;
}

interface Ticket {
  job: ScreeningJob;
  readonly done: (answer: ScreeningAnswer) => void;
  waitedMs: number;
  losses: number;
}

const TICK_MS = 25;
/** Time in which this process itself stood still counts for nobody: it says nothing of the worker. */
const LONGEST_TICK_MS = 2 * TICK_MS;
const CHUNK = 16;
const MOST_LOSSES = 3;
const BLOCKED: ScreeningAnswer = { kind: 'screened', screening: UNAVAILABLE };

/**
 * Screens bodies in worker threads. A worker that hangs, crashes or grows is replaced; the guardrail that it was at counts as failed for that body, which is
 * screened again without it; whatever else was in its hands is taken up by another worker, each body alone.
 */
export class ScreeningPool extends BodyScreener {
  readonly #queue: (readonly Ticket[])[] = [];
  readonly #waiting = new Set<Ticket>();
  readonly #seats = new Map<ScreeningSeat, readonly Ticket[] | undefined>();
  #watch: NodeJS.Timeout | undefined;
  #closed = false;
  #failedStarts = 0;

  constructor(private readonly options: PoolOptions) {
    super();
    for (let i = 0; i < options.size; i += 1) this.#open();
  }

  async screen(jobs: readonly ScreeningJob[]): Promise<readonly ScreeningAnswer[]> {
    const answers = jobs.map((job) => {
      const { promise, resolve } = Promise.withResolvers<ScreeningAnswer>();
      const ticket: Ticket = { job, waitedMs: 0, losses: 0, done: resolve };
      this.#waiting.add(ticket);
      return { ticket, promise };
    });
    this.#queue.push(
      ...chunked(
        answers.map(({ ticket }) => ticket),
        this.options.size,
      ),
    );
    this.#assign();
    return Promise.all(answers.map(({ promise }) => promise));
  }

  /** Ends the workers; whatever still waits is blocked. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    for (const ticket of this.#waiting) this.#answer(ticket, BLOCKED);
    await Promise.all([...this.#seats.keys()].map((seat) => seat.end()));
    this.#seats.clear();
  }

  #open(): void {
    if (this.#closed) return;
    const seat: ScreeningSeat = new ScreeningSeat(this.options, {
      answered: (answers) => this.#answered(seat, answers),
      lost: (loss) => this.#lost(seat, loss),
    });
    this.#seats.set(seat, undefined);
    this.#assign();
  }

  #assign(): void {
    for (const [seat, work] of this.#seats) {
      if (work !== undefined) continue;
      const chunk = this.#queue.shift()?.filter((ticket) => this.#waiting.has(ticket));
      if (chunk === undefined) break;
      if (chunk.length === 0) return this.#assign();
      this.#seats.set(seat, chunk);
      seat.give(chunk.map(({ job }) => job));
    }
    if (this.#waiting.size > 0) this.#watch ??= this.#startWatch();
  }

  #answered(seat: ScreeningSeat, answers: readonly ScreeningAnswer[]): void {
    this.#failedStarts = 0;
    this.#seats.get(seat)?.forEach((ticket, i) => this.#answer(ticket, answers[i] ?? BLOCKED));
    this.#seats.set(seat, undefined);
    this.#assign();
  }

  #answer(ticket: Ticket, answer: ScreeningAnswer): void {
    this.#waiting.delete(ticket);
    ticket.done(answer);
    if (this.#waiting.size > 0) return;
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  #lost(seat: ScreeningSeat, loss: SeatLoss): void {
    const chunk = this.#seats.get(seat);
    if (!this.#seats.delete(seat) || this.#closed) return;
    this.options.onLoss(loss);
    chunk?.forEach((ticket, index) => {
      if (loss.job === -1 || loss.job === index) this.#blame(ticket, loss);
      if (this.#waiting.has(ticket)) this.#queue.unshift([ticket]);
    });
    this.#reopen(loss);
  }

  /** A body whose reading takes a worker down is blocked at once; a guardrail that does so has failed on it. */
  #blame(ticket: Ticket, { job, guardrail, cause }: SeatLoss): void {
    ticket.losses += 1;
    if (ticket.losses >= MOST_LOSSES || (job !== -1 && guardrail === -1)) return this.#answer(ticket, BLOCKED);
    if (guardrail !== -1) ticket.job = { ...ticket.job, failed: { ...ticket.job.failed, [guardrail]: cause } };
  }

  #reopen({ job }: SeatLoss): void {
    // a program that does not even start is not started in a circle
    this.#failedStarts = job === -1 ? this.#failedStarts + 1 : 0;
    if (this.#failedStarts === 0) this.#open();
    else setTimeout(() => this.#open(), Math.min(5_000, 50 * 2 ** this.#failedStarts)).unref();
  }

  #startWatch(): NodeJS.Timeout {
    let last = performance.now();
    return setInterval(() => {
      const now = performance.now();
      const elapsed = Math.min(now - last, LONGEST_TICK_MS);
      last = now;
      for (const [seat, work] of this.#seats) if (work !== undefined) seat.watch(elapsed);
      for (const ticket of this.#waiting) {
        ticket.waitedMs += elapsed;
        if (ticket.waitedMs > (this.options.longestMs ?? 4_000)) this.#answer(ticket, BLOCKED);
      }
    }, TICK_MS);
  }
}

/** Chunks that keep every worker busy, none so large that one bad body holds up many. */
function chunked(tickets: readonly Ticket[], workers: number): (readonly Ticket[])[] {
  const size = Math.min(CHUNK, Math.max(1, Math.ceil(tickets.length / Math.max(1, workers))));
  return Array.from({ length: Math.ceil(tickets.length / size) }, (_, i) => tickets.slice(i * size, (i + 1) * size));
}
