import { smallest } from '../effective-policy.js';
import { sideOfAll } from '../levels.js';
import { allow, deny, type Clause } from '../model.js';

/** 200: the estimate is not above the smallest limit of one request. */
export const costPerRequest: Clause = {
  number: 200,
  name: 'cost.per_request',
  evaluate: ({ policies, effective: { maxCost }, facts: { estimateMicros: estimate } }) => {
    if (estimate === undefined) return allow([]);
    const by = maxCost.filter(({ value }) => estimate > value).map(({ level }) => level);
    if (by.length === 0) return allow(maxCost.map(({ level }) => level));
    return deny(
      by,
      { code: 'COST_PER_REQUEST_EXCEEDED', side: sideOfAll(by, policies) },
      { estimateMicros: estimate.toString(), maxCostMicros: smallest(maxCost)?.toString() ?? null },
    );
  },
};
