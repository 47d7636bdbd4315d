import type { FinishedItem, ResultedItem } from '@countersign/contracts';
import type { GrantUse } from './least-privilege.js';

/** What an executed task used of its client's grants: its type, and the tools that it was given by name. A pattern in a grant says what was allowed, not what was used. */
export function usesOfTask({ claimed, facts }: FinishedItem, at: number): readonly GrantUse[] {
  if (!claimed || facts.sandbox === true) return [];
  const tools = (facts.grant?.tools ?? []).filter((tool) => !tool.endsWith('*'));
  return [
    ...(facts.taskType === undefined ? [] : [{ kind: 'taskTypes', entry: facts.taskType, at } as const]),
    ...tools.map((entry) => ({ kind: 'tools', entry, at }) as const),
  ];
}

/** Models that a target says it used for a task. */
export function usesOfResult({ usage }: ResultedItem, at: number): readonly GrantUse[] {
  return [...new Set(usage.map(({ model }) => model))].map((entry) => ({ kind: 'models', entry, at }));
}
