import type { RateOutcome } from '../domain/clauses/230-rate.js';
import type { RateRequest } from '../domain/rate-log.js';

/** The admissions cannot be reached; whoever needs them denies. */
export class RatesUnavailable extends Error {
  readonly code = 'RATES_UNAVAILABLE';
}

/** Limits of admissions that are exact over all replicas. Answers are aligned with the requests; both throw {@link RatesUnavailable}. */
export abstract class Rates {
  /** Takes a token for each attempt in this order, from all of its rules or from none; an attempt that has one keeps it. */
  abstract admit(requests: readonly RateRequest[]): Promise<readonly RateOutcome[]>;
  /** Tells what {@link admit} would answer, and takes nothing. */
  abstract peek(requests: readonly RateRequest[]): Promise<readonly RateOutcome[]>;
}
