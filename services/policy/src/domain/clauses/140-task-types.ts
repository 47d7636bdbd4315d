import { allows } from '../lists.js';
import { PASS, type Clause } from '../model.js';

/** 140: every document and the target's surface allow the task type. */
export const taskTypes: Clause = {
  number: 140,
  name: 'task_types',
  evaluate: ({ task, policies, effective }) => {
    if (allows(effective.grant.taskTypes, task.taskType)) return PASS;
    const own = [policies.clientOrg, policies.client, policies.connection].some(
      (document) => document !== undefined && !allows(document.taskTypes, task.taskType),
    );
    // the surface is published to whoever is connected: naming it tells nothing of a policy
    const bySurface = !allows(policies.targetSurface.taskTypes, task.taskType);
    return {
      outcome: 'deny',
      code: 'TASK_TYPE_NOT_ALLOWED',
      side: own || bySurface ? 'client' : 'target',
      detail: { taskType: task.taskType },
    };
  },
};
