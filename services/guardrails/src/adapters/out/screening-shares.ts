/** How long somebody counts as being there besides (ms). */
const BESIDES_MS = 5_000;
/** Organisations that are remembered before those that owe nothing are forgotten. */
const MOST_KEPT = 1_000;
const FORGET_EVERY_MS = 1_000;

interface Debt {
  ms: number;
  at: number;
}

/**
 * What organisations take of the workers' time. One that took more than a burst, and goes on taking more than half of all there is, is over its share while others
 * are there: theirs goes first then. Alone it may take everything. Times in ms, of any clock that only goes on.
 */
export class ScreeningShares {
  readonly #debts = new Map<string, Debt>();
  readonly #halfOfAll: number;
  readonly #burstMs: number;
  #forgotAt = Number.NEGATIVE_INFINITY;

  constructor(workers: number) {
    this.#halfOfAll = workers / 2;
    this.#burstMs = 1_000 * workers;
  }

  /** Charges an organisation with the time that a worker spent on its bodies. */
  charge(org: string, ms: number, now: number): void {
    const owed = this.#owedBy(org, now);
    this.#debts.delete(org);
    if (this.#debts.size >= MOST_KEPT && now - this.#forgotAt >= FORGET_EVERY_MS) this.#forget(now);
    this.#debts.set(org, { ms: owed + ms, at: now });
  }

  /** Whether others have to go first. */
  isOver(org: string, now: number): boolean {
    return this.#owedBy(org, now) > this.#burstMs && this.#othersThan(org, now);
  }

  /** How many organisations are remembered. */
  get size(): number {
    return this.#debts.size;
  }

  #owedBy(org: string, now: number): number {
    const debt = this.#debts.get(org);
    return debt === undefined ? 0 : Math.max(0, debt.ms - (now - debt.at) * this.#halfOfAll);
  }

  #othersThan(org: string, now: number): boolean {
    return [...this.#debts].some(([other, { at }]) => other !== org && now - at < BESIDES_MS);
  }

  #forget(now: number): void {
    this.#forgotAt = now;
    for (const [org, { at }] of this.#debts)
      if (this.#owedBy(org, now) === 0 && now - at >= BESIDES_MS) this.#debts.delete(org);
  }
}
