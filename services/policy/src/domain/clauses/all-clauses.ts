import type { Clause } from '../model.js';
import { denyRule } from './90-deny-rule.js';
import { origination } from './100-origination.js';
import { targetNever } from './130-target-never.js';
import { taskTypes } from './140-task-types.js';
import { timeWindow } from './150-time-window.js';
import { models } from './160-models.js';
import { tools } from './170-tools.js';
import { dataStores } from './175-data-stores.js';
import { dataClass } from './180-data-class.js';
import { costEstimate } from './190-cost-estimate.js';
import { costPerRequest } from './200-cost-per-request.js';
import { approvalThreshold } from './210-approval-threshold.js';
import { approvalTaskType } from './220-approval-task-type.js';

/** Every clause that is answered from documents alone, in evaluation order; the one after them, 230, takes a token. */
export const ALL_CLAUSES: readonly Clause[] = [
  denyRule,
  origination,
  targetNever,
  taskTypes,
  timeWindow,
  models,
  tools,
  dataStores,
  dataClass,
  costEstimate,
  costPerRequest,
  approvalThreshold,
  approvalTaskType,
];
