import type { Clause } from '../model.js';
import { taskTypes } from './140-task-types.js';
import { timeWindow } from './150-time-window.js';
import { costEstimate } from './190-cost-estimate.js';
import { approvalThreshold } from './210-approval-threshold.js';

/** Every clause of policy in evaluation order. */
export const ALL_CLAUSES: readonly Clause[] = [taskTypes, timeWindow, costEstimate, approvalThreshold];
