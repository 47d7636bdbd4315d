import { dataClassOf } from '../data-class.js';
import { allow, type Clause } from '../model.js';
import { judgeList } from './list-clause.js';

/** 180: the class of the task's data is allowed; a silent task counts as INTERNAL. */
export const dataClass: Clause = {
  number: 180,
  name: 'data_class',
  evaluate: (context) =>
    context.effective.lists.dataClasses.list === null
      ? allow([])
      : judgeList(context, 'dataClasses', { entries: [dataClassOf(context.task)], code: 'DATA_CLASS_NOT_ALLOWED' }),
};
