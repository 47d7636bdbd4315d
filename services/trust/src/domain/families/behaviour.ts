import { PRIOR, WEIGHTS } from '../algorithm.js';
import type { Masses } from '../masses.js';

/** Expectation of good behaviour, 0 to 1: Jøsang and Ismail's beta reputation with a pessimistic prior. */
export function expectation({ positive, negative }: Masses): number {
  return (positive + PRIOR.positive) / (positive + negative + PRIOR.positive + PRIOR.negative);
}

/** Points of behaviour in hundredths. */
export function behaviourPoints(masses: Masses): number {
  return Math.floor(WEIGHTS.behaviour * expectation(masses));
}
