import { PASS, type Clause } from '../model.js';

/** 190: where any rule limits cost, there is an estimate to compare. */
export const costEstimate: Clause = {
  number: 190,
  name: 'cost.estimate',
  evaluate: ({ effective, facts }) =>
    facts.estimateMicros === undefined && effective.hasCostRule
      ? { outcome: 'deny', code: 'COST_ESTIMATE_MISSING', side: 'client' }
      : PASS,
};
