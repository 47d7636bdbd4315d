import type { Clause } from '../model.js';
import { judgeList } from './list-clause.js';

/** 175: every data store that the task declares is allowed. */
export const dataStores: Clause = {
  number: 175,
  name: 'data_stores',
  evaluate: (context) =>
    judgeList(context, 'dataStores', { entries: context.task.dataStores ?? [], code: 'DATA_STORE_NOT_ALLOWED' }),
};
