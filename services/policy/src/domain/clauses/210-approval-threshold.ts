import { PASS, type Clause } from '../model.js';

/** 210: a person approves what is estimated strictly above the lowest threshold. */
export const approvalThreshold: Clause = {
  number: 210,
  name: 'approval.threshold',
  evaluate: ({ effective: { approvalAboveMicros: above }, facts: { estimateMicros: estimate } }) =>
    above !== undefined && estimate !== undefined && estimate > above
      ? {
          outcome: 'ask',
          code: 'APPROVAL_COST_ABOVE_THRESHOLD',
          side: 'client',
          detail: { estimateMicros: estimate.toString(), thresholdMicros: above.toString() },
        }
      : PASS,
};
