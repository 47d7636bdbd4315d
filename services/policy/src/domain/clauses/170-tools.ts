import type { Clause } from '../model.js';
import { judgeList } from './list-clause.js';

/** 170: every tool that the task declares is allowed. */
export const tools: Clause = {
  number: 170,
  name: 'tools',
  evaluate: (context) => judgeList(context, 'tools', { entries: context.task.tools ?? [], code: 'TOOL_NOT_ALLOWED' }),
};
