import { BodyScreener } from '../../application/ports.js';
import { UNAVAILABLE, type ScreeningAnswer, type ScreeningJob } from '../../domain/screening/screening-job.js';
import { ScreeningSeat, type SeatLoss } from './screening-seat.js';
import { ScreeningShares } from './screening-shares.js';

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
  /** Of an organisation that took more than its share while others were there: theirs goes first. */
  readonly isLate: boolean;
}

/** What a worker has in its hands, and since when (ms). */
interface Work {
  readonly chunk: readonly Ticket[];
  readonly since: number;
}

const TICK_MS = 25;
/** Time in which this process itself stood still counts for nobody: it says nothing of the worker. */
const LONGEST_TICK_MS = 2 * TICK_MS;
const CHUNK = 16;
/** What is larger is screened alone: a chunk of large bodies would keep a worker for half a minute. */
const CHUNK_BYTES = 64 * 1024;
/** How long a late body may wait: the verdicts of a batch are published together, and nobody's wait for one that takes too much. */
const LATE_MS = 1_500;
const LONGEST_MS = 4_000;
const MOST_LOSSES = 3;
const BLOCKED: ScreeningAnswer = { kind: 'screened', screening: UNAVAILABLE };

/**
 * Screens bodies in worker threads. A worker that hangs, crashes or grows is replaced; the guardrail that it was at counts as failed for that body, which is
 * screened again without it; whatever else was in its hands is taken up by another worker, each body alone.
 */
export class ScreeningPool extends BodyScreener {
  readonly #queue: (readonly Ticket[])[] = [];
  readonly #late: Ticket[] = [];
  readonly #waiting = new Set<Ticket>();
  readonly #seats = new Map<ScreeningSeat, Work | undefined>();
  readonly #shares: ScreeningShares;
  #watch: NodeJS.Timeout | undefined;
  #closed = false;
  #failedStarts = 0;

  constructor(private readonly options: PoolOptions) {
    super();
    this.#shares = new ScreeningShares(options.size);
    for (let i = 0; i < options.size; i += 1) this.#open();
  }

  async screen(jobs: readonly ScreeningJob[]): Promise<readonly ScreeningAnswer[]> {
    const now = performance.now();
    const answers = jobs.map((job) => {
      const { promise, resolve } = Promise.withResolvers<ScreeningAnswer>();
      const isLate = this.#shares.isOver(orgOf(job), now);
      const ticket: Ticket = { job, waitedMs: 0, losses: 0, isLate, done: resolve };
      this.#waiting.add(ticket);
      return { ticket, promise };
    });
    const tickets = answers.map(({ ticket }) => ticket);
    this.#late.push(...tickets.filter(({ isLate }) => isLate));
    this.#queue.push(
      ...chunked(
        tickets.filter(({ isLate }) => !isLate),
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
      const chunk = this.#next();
      if (chunk === undefined) break;
      this.#seats.set(seat, { chunk, since: performance.now() });
      seat.give(chunk.map(({ job }) => job));
    }
    if (this.#waiting.size > 0) this.#watch ??= this.#startWatch();
  }

  /** What is screened next. What is late comes last, and leaves one worker of several to others. */
  #next(): readonly Ticket[] | undefined {
    for (let chunk = this.#queue.shift(); chunk !== undefined; chunk = this.#queue.shift()) {
      const waiting = chunk.filter((ticket) => this.#waiting.has(ticket));
      if (waiting.length > 0) return waiting;
    }
    const busy = [...this.#seats.values()].filter((work) => work?.chunk.some(({ isLate }) => isLate) === true).length;
    if (busy >= Math.max(1, this.options.size - 1)) return undefined;
    for (let ticket = this.#late.shift(); ticket !== undefined; ticket = this.#late.shift())
      if (this.#waiting.has(ticket)) return [ticket];
    return undefined;
  }

  #answered(seat: ScreeningSeat, answers: readonly ScreeningAnswer[]): void {
    this.#failedStarts = 0;
    const work = this.#seats.get(seat);
    if (work !== undefined) this.#charge(work);
    work?.chunk.forEach((ticket, i) => this.#answer(ticket, answers[i] ?? BLOCKED));
    this.#seats.set(seat, undefined);
    this.#assign();
  }

  /** The time of a worker, by the size of the bodies that it was spent on. */
  #charge({ chunk, since }: Work): void {
    const now = performance.now();
    const sum = chunk.reduce((bytes, { job }) => bytes + sizeOf(job), 0);
    for (const { job } of chunk) this.#shares.charge(orgOf(job), ((now - since) * sizeOf(job)) / sum, now);
  }

  #answer(ticket: Ticket, answer: ScreeningAnswer): void {
    this.#waiting.delete(ticket);
    ticket.done(answer);
    if (this.#waiting.size > 0) return;
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  #lost(seat: ScreeningSeat, loss: SeatLoss): void {
    const work = this.#seats.get(seat);
    if (!this.#seats.delete(seat) || this.#closed) return;
    this.options.onLoss(loss);
    if (work !== undefined) this.#charge(work);
    work?.chunk.forEach((ticket, index) => {
      if (loss.job === -1 || loss.job === index) this.#blame(ticket, loss);
      if (!this.#waiting.has(ticket)) return;
      if (ticket.isLate) this.#late.unshift(ticket);
      else this.#queue.unshift([ticket]);
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
        const longest = this.options.longestMs ?? LONGEST_MS;
        if (ticket.waitedMs > (ticket.isLate ? Math.min(LATE_MS, longest) : longest)) this.#answer(ticket, BLOCKED);
      }
    }, TICK_MS);
  }
}

const orgOf = ({ scope }: ScreeningJob): string => scope.span;
const sizeOf = ({ body, input }: ScreeningJob): number => 1 + body.length + (input?.length ?? 0);

/** Chunks that keep every worker busy, none so large that one bad body holds up many. */
function chunked(tickets: readonly Ticket[], workers: number): (readonly Ticket[])[] {
  const most = Math.min(CHUNK, Math.max(1, Math.ceil(tickets.length / Math.max(1, workers))));
  const chunks: Ticket[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const ticket of tickets) {
    bytes += sizeOf(ticket.job);
    const last = chunks.at(-1);
    if (last !== undefined && last.length < most && bytes <= CHUNK_BYTES) last.push(ticket);
    else {
      chunks.push([ticket]);
      bytes = sizeOf(ticket.job);
    }
  }
  return chunks;
}
