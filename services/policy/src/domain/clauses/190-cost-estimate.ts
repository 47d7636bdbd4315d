import { sideOfAll } from '../levels.js';
import { allow, deny, type Clause } from '../model.js';

/** 190: where any rule limits cost, there is an estimate to compare. */
export const costEstimate: Clause = {
  number: 190,
  name: 'cost.estimate',
  evaluate: ({ policies, effective: { costRules }, facts }) =>
    facts.estimateMicros === undefined && costRules.length > 0
      ? deny(costRules, { code: 'COST_ESTIMATE_MISSING', side: sideOfAll(costRules, policies) })
      : allow(costRules),
};
