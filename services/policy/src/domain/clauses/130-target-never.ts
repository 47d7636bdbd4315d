import { sideOf } from '../levels.js';
import { matches } from '../lists.js';
import { allow, deny, type Clause } from '../model.js';

/** 130: the target does not exclude the task type from ever being given to it. */
export const targetNever: Clause = {
  number: 130,
  name: 'target.never',
  evaluate: ({ task, policies }) => {
    const { neverTaskTypes } = policies.targetSurface;
    if (neverTaskTypes.some((pattern) => matches(pattern, task.taskType)))
      return deny(
        ['surface'],
        { code: 'TASK_TYPE_FORBIDDEN_BY_TARGET', side: sideOf('surface', policies) },
        { refused: [task.taskType] },
      );
    return allow(neverTaskTypes.length === 0 ? [] : ['surface']);
  },
};
