import { smallest } from '../effective-policy.js';
import { sidesOf } from '../levels.js';
import { allow, ask, type Clause } from '../model.js';

/** 210: people of each side whose threshold the estimate is strictly above approve. */
export const approvalThreshold: Clause = {
  number: 210,
  name: 'approval.threshold',
  evaluate: ({ policies, effective: { approvalAbove }, facts: { estimateMicros: estimate } }) => {
    if (estimate === undefined) return allow([]);
    const by = approvalAbove.filter(({ value }) => estimate > value).map(({ level }) => level);
    if (by.length === 0) return allow(approvalAbove.map(({ level }) => level));
    return ask('APPROVAL_COST_ABOVE_THRESHOLD', by, sidesOf(by, policies), {
      estimateMicros: estimate.toString(),
      thresholdMicros: smallest(approvalAbove)?.toString() ?? null,
    });
  },
};
