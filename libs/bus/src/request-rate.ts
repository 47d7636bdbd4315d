/** So many requests at once, and as many again in every period, spread over it. */
export interface RateLimit {
  readonly limit: number;
  readonly periodMs: number;
}

/**
 * Bounds what each caller asks of this process: the generic cell rate algorithm (ITU-T I.371), one number a caller, in memory, so of two replicas each gives its own. What is refused is not counted. Remembers
 * callers of the last period only.
 */
export class RequestRate {
  /** When each caller has all of the limit again; in ms times the limit, which are whole numbers where ms are. */
  readonly #full = new Map<string, number>();
  #sweptAt: number;

  /** `now`: ms of a clock that never runs backwards. */
  constructor(
    private readonly rate: RateLimit,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#sweptAt = now();
  }

  /** Takes one request: 0, or in how many ms the caller's next one would be taken. */
  take(caller: string): number {
    const { limit, periodMs } = this.rate;
    const now = this.now();
    this.#sweep(now);
    const full = Math.max(this.#full.get(caller) ?? 0, now * limit) + periodMs;
    const over = full - (now + periodMs) * limit;
    if (over > 0) return Math.ceil(over / limit);
    this.#full.set(caller, full);
    return 0;
  }

  /** How many callers are remembered. */
  get size(): number {
    return this.#full.size;
  }

  #sweep(now: number): void {
    const { limit, periodMs } = this.rate;
    if (now - this.#sweptAt < periodMs) return;
    this.#sweptAt = now;
    for (const [caller, full] of this.#full) if (full <= now * limit) this.#full.delete(caller);
  }
}

/** What becomes of a request. */
export type Asked =
  | { readonly kind: 'answer' }
  | { readonly kind: 'refuse'; readonly retryAfterMs: number }
  | { readonly kind: 'silence' };

/** Over its limit a caller is refused; as a refusal costs a signature too, there are as many of them as answers, and after that silence. */
export class BoundedAsking {
  readonly #answers: RequestRate;
  readonly #refusals: RequestRate;

  /** `now` as of {@link RequestRate}. */
  constructor(rate: RateLimit, now?: () => number) {
    this.#answers = new RequestRate(rate, now);
    this.#refusals = new RequestRate(rate, now);
  }

  /** Takes one request of a caller. */
  ask(caller: string): Asked {
    const retryAfterMs = this.#answers.take(caller);
    if (retryAfterMs === 0) return { kind: 'answer' };
    return this.#refusals.take(caller) === 0 ? { kind: 'refuse', retryAfterMs } : { kind: 'silence' };
  }
}
