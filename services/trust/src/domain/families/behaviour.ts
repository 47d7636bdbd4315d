import { PRIOR, WEIGHTS } from '../algorithm.js';
import type { Masses } from '../masses.js';
import type { PointsFact } from './points.js';

/** Expectation of good behaviour, 0 to 1: Jøsang and Ismail's beta reputation with a pessimistic prior. */
export function expectation({ positive, negative }: Pick<Masses, 'positive' | 'negative'>): number {
  return (positive + PRIOR.positive) / (positive + negative + PRIOR.positive + PRIOR.negative);
}

/** Points of behaviour in hundredths. */
export function behaviourFacts(masses: Masses): readonly PointsFact[] {
  const value = expectation(masses);
  return [
    {
      fact: 'expectation',
      value: value.toFixed(4),
      points: Math.floor(WEIGHTS.behaviour * value),
      max: WEIGHTS.behaviour,
    },
  ];
}
