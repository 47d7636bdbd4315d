import { parseMicros, type Micros } from '@countersign/primitives';
import type { Policy, Surface } from '@countersign/contracts';
import { lowest } from './caps.js';

/** Fields by which a policy limits or asks about cost. */
type CostFields = Pick<
  Policy,
  'monthlyCapMicros' | 'maxCostMicros' | 'approvalAboveMicros' | 'approvalAbovePerDayMicros'
>;

/** Tells whether anything that applies limits or asks about cost: then a task without an estimate is denied, else the rule would be open to it. */
export function hasCostRule(
  policies: readonly CostFields[],
  surfaces: readonly Pick<Surface, 'maxCostMicros' | 'monthlyCapMicros'>[],
): boolean {
  const limits = (of: Pick<Surface, 'maxCostMicros' | 'monthlyCapMicros'>): boolean =>
    of.maxCostMicros !== null || of.monthlyCapMicros !== null;
  return (
    surfaces.some(limits) ||
    policies.some((p) => limits(p) || p.approvalAboveMicros !== null || p.approvalAbovePerDayMicros !== null)
  );
}

/** The lowest daily threshold of the policies that apply; undefined when none sets one. */
export function lowestDailyThreshold(policies: readonly CostFields[]): Micros | undefined {
  return lowest(policies.map((p) => amountOf(p.approvalAbovePerDayMicros)));
}

/** An amount of a document; undefined for none. */
export function amountOf(text: string | null | undefined): Micros | undefined {
  return text === null || text === undefined ? undefined : parseMicros(text);
}
