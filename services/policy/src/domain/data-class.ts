import type { TaskData } from '@countersign/contracts';

type DataClass = NonNullable<TaskData['dataClass']>;

/** How sensitive a task's data counts as: what it declares, and INTERNAL where it is silent. */
export function dataClassOf({ dataClass }: Pick<TaskData, 'dataClass'>): DataClass {
  return dataClass ?? 'INTERNAL';
}
