import type { OrganizationPolicy, Policy, TaskData } from '@countersign/contracts';

/**
 * Fields of a policy whose rule does not exist yet, when they ask for anything: profiles of guardrails, and delegation. They are refused by name when they are
 * set, and deny when they are met in a stored document: nothing is accepted that is not enforced.
 */
export function unsupportedPolicyFields(document: Policy | OrganizationPolicy): readonly string[] {
  const asks: Readonly<Record<string, boolean>> = {
    guardrailProfile: document.guardrailProfile !== null,
    requireParent: document.requireParent,
    ...('denyRules' in document ? organizationAsks(document) : {}),
  };
  return Object.keys(asks).filter((field) => asks[field] === true);
}

function organizationAsks(document: OrganizationPolicy): Readonly<Record<string, boolean>> {
  return {
    maxVisits: document.maxVisits !== 1,
    maxChildren: document.maxChildren !== 20,
    maxTreeTasks: document.maxTreeTasks !== 200,
  };
}

/** Fields of a task that ask for a rule which does not exist yet; who is asserted to stand behind it would reach the target unscreened and be recorded nowhere. */
export function unsupportedTaskFields(task: TaskData): readonly string[] {
  const { parent, userToken, treeMaxMicros, assertedUser } = task;
  const fields = { parent, userToken, treeMaxMicros, assertedUser };
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}
