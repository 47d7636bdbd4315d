import { allow, deny, type Clause } from '../model.js';

/** 140: every document, the target's surface and the share allow the task type. A connection without a policy allows none. */
export const taskTypes: Clause = {
  number: 140,
  name: 'task_types',
  evaluate: ({ task, policies, effective }) => {
    const code = 'TASK_TYPE_NOT_ALLOWED';
    if (policies.connection === undefined)
      return deny(['connection'], { code, side: 'client' }, { reason: 'the connection has no policy' });
    const { taskTypes: list } = effective.lists;
    if (list.allows(task.taskType)) return allow(list.levels);
    const by = list.refusedBy(task.taskType);
    // which types a target takes is told to whoever is connected to it: naming its surface tells nothing of a policy
    const side = by.some((level) => level !== 'targetOrg') ? 'client' : 'target';
    return deny(by, { code, side }, { refused: [task.taskType] });
  },
};
