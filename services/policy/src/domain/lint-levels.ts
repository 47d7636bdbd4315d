import { decimalOfMicros } from '@countersign/primitives';
import type { Finding } from './document-text.js';
import { effectivePolicy, LIST_FIELDS, smallest, type EffectivePolicy } from './effective-policy.js';
import { meet } from './lists.js';
import type { Level, PoliciesInForce } from './model.js';
import { nextOpen } from './time-windows.js';

/** What the document of a level can never bring about beside the other levels in force. `now` in ms. */
export function lintLevels(policies: PoliciesInForce, level: Level, now: number): readonly Finding[] {
  const effective = effectivePolicy(policies);
  return [
    ...listsThatNeverMeet(effective, level),
    ...capsAbove(effective, level),
    ...windowsThatNeverMeet(effective, level, now),
    ...typesNeverTaken(policies, effective),
  ];
}

function listsThatNeverMeet({ lists }: EffectivePolicy, level: Level): readonly Finding[] {
  return LIST_FIELDS.flatMap((field) => {
    const { list, levels } = lists[field];
    const others = levels.filter((other) => other !== level);
    if (list?.length !== 0 || !levels.includes(level) || others.length === 0) return [];
    return [{ field, message: `allows nothing together with ${others.join(', ')}: the lists never meet` }];
  });
}

function capsAbove({ maxCost, approvalAbove }: EffectivePolicy, level: Level): readonly Finding[] {
  const most = smallest(maxCost);
  if (most === undefined) return [];
  const own = (limits: EffectivePolicy['maxCost']) => limits.find((limit) => limit.level === level)?.value;
  const [cap, threshold] = [own(maxCost), own(approvalAbove)];
  const by = maxCost.filter(({ value }) => value === most).map((limit) => limit.level);
  const reason = `${by.join(', ')} lets a task cost at most ${decimalOfMicros(most)}`;
  return [
    ...(cap !== undefined && cap > most ? [{ field: 'maxCostMicros', message: `never decides: ${reason}` }] : []),
    ...(threshold !== undefined && threshold >= most && !by.includes(level)
      ? [{ field: 'approvalAboveMicros', message: `never asks: ${reason}` }]
      : []),
  ];
}

function windowsThatNeverMeet({ windows }: EffectivePolicy, level: Level, now: number): readonly Finding[] {
  const others = windows.filter((other) => other.level !== level).map((other) => other.level);
  const lists = windows.map(({ value }) => value);
  if (others.length === 0 || others.length === windows.length || nextOpen(lists, now) !== undefined) return [];
  return [{ field: 'windows', message: `are never open together with those of ${others.join(', ')}` }];
}

function typesNeverTaken({ targetSurface }: PoliciesInForce, { lists }: EffectivePolicy): readonly Finding[] {
  return (lists.taskTypes.list ?? []).flatMap((type) => {
    const never = targetSurface.neverTaskTypes.filter((pattern) => meet([pattern], [type])?.includes(type));
    return never.length === 0 ? [] : [{ field: 'taskTypes', message: `${type} is never taken by the target` }];
  });
}
