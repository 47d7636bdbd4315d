import { sideOfAll } from '../levels.js';
import { deny, type Clause } from '../model.js';
import { judgeList } from './list-clause.js';

/** 160: every model that the task declares is allowed; where it is silent and the target uses models, at least one is. */
export const models: Clause = {
  number: 160,
  name: 'models',
  evaluate: (context) => {
    const { task, policies, effective } = context;
    const list = effective.lists.models;
    const isLeftNone = task.models === undefined && policies.targetSurface.usesModels && list.list?.length === 0;
    if (!isLeftNone) return judgeList(context, 'models', { entries: task.models ?? [], code: 'MODEL_NOT_ALLOWED' });
    return deny(
      list.levels,
      { code: 'MODEL_NOT_ALLOWED', side: sideOfAll(list.levels, policies) },
      { reason: 'the target uses models and none is left to it' },
    );
  },
};
