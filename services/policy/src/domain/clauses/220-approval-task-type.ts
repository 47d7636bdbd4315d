import { sidesOf } from '../levels.js';
import { matches } from '../lists.js';
import { allow, ask, type Clause } from '../model.js';

/** 220: people of each side that wants to see this task type approve. */
export const approvalTaskType: Clause = {
  number: 220,
  name: 'approval.task_type',
  evaluate: ({ task, policies, effective: { approvalTaskTypes } }) => {
    const by = approvalTaskTypes
      .filter(({ value }) => value.some((pattern) => matches(pattern, task.taskType)))
      .map(({ level }) => level);
    if (by.length === 0) return allow(approvalTaskTypes.map(({ level }) => level));
    return ask('APPROVAL_TASK_TYPE', by, sidesOf(by, policies), { taskType: task.taskType });
  },
};
