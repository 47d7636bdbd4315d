import type { GrantTerms, List, TaskData } from '@countersign/contracts';
import { dataClassSchema } from '@countersign/contracts';
import { smallest, type EffectivePolicy } from './effective-policy.js';
import { normalise } from './lists.js';

/** What a task may use: of models, tools and stores exactly what it declares, and where it is silent the effective list. */
export function grantOf({ lists, maxCost, hopsLeft }: EffectivePolicy, task: TaskData): GrantTerms {
  const granted = (declared: readonly string[] | undefined, effective: List): string[] | null =>
    copied(declared === undefined ? effective : normalise(declared));
  return {
    taskTypes: copied(lists.taskTypes.list),
    models: granted(task.models, lists.models.list),
    tools: granted(task.tools, lists.tools.list),
    dataStores: granted(task.dataStores, lists.dataStores.list),
    dataClasses: lists.dataClasses.list?.map((name) => dataClassSchema.parse(name)) ?? null,
    maxCostMicros: smallest(maxCost)?.toString() ?? null,
    notAfter: null,
    hopsLeft,
  };
}

const copied = (list: List): string[] | null => (list === null ? null : [...list]);
