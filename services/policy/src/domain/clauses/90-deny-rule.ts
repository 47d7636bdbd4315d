import { dataClassOf } from '../data-class.js';
import type { EffectivePolicy } from '../effective-policy.js';
import { sideOf } from '../levels.js';
import { matches } from '../lists.js';
import { allow, deny, type Clause, type ClauseContext } from '../model.js';

type Rule = EffectivePolicy['denyRules'][number]['value'];

/** 90: no explicit denial of either organisation applies; the conditions of a rule are joined by and, the first rule by id is told. */
export const denyRule: Clause = {
  number: 90,
  name: 'deny.rule',
  evaluate: (context) => {
    const { denyRules } = context.effective;
    const hit = denyRules.find(({ value }) => applies(value, context));
    if (hit === undefined) return allow([...new Set(denyRules.map(({ level }) => level))]);
    const { level, value } = hit;
    return deny(
      [level],
      { code: 'EXPLICIT_DENY', side: sideOf(level, context.policies), id: value.id },
      { rule: value.id, ...(value.reason === undefined ? {} : { reason: value.reason }) },
    );
  },
};

function applies(rule: Rule, { task, facts }: ClauseContext): boolean {
  const some = (pattern: string, entries: readonly string[] = []): boolean =>
    entries.some((entry) => matches(pattern, entry));
  return (
    (rule.taskType === undefined || matches(rule.taskType, task.taskType)) &&
    (rule.clientId === undefined || rule.clientId === facts.client.agent) &&
    (rule.targetId === undefined || rule.targetId === facts.target.agent) &&
    (rule.tool === undefined || some(rule.tool, task.tools)) &&
    (rule.model === undefined || some(rule.model, task.models)) &&
    (rule.dataClass === undefined || rule.dataClass === dataClassOf(task))
  );
}
