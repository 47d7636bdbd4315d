import type { ReasonCode } from '@countersign/contracts';
import type { EffectiveList, ListField } from '../effective-policy.js';
import { sideOfAll } from '../levels.js';
import { allow, deny, type ClauseContext, type ClauseResult, type Level } from '../model.js';

const MOST_NAMED = 20;

/** What a clause over a list says: everything that a task declares has to be allowed by every level. */
export function judgeList(
  { policies, effective }: ClauseContext,
  field: ListField,
  asked: { readonly entries: readonly string[]; readonly code: ReasonCode },
): ClauseResult {
  const list = effective.lists[field];
  if (asked.entries.length === 0) return allow([]);
  const refused = [...new Set(asked.entries.filter((entry) => !list.allows(entry)))].sort();
  if (refused.length === 0) return allow(list.levels);
  const by = levelsRefusing(list, refused);
  return deny(by, { code: asked.code, side: sideOfAll(by, policies) }, { refused: refused.slice(0, MOST_NAMED) });
}

function levelsRefusing(list: EffectiveList, refused: readonly string[]): readonly Level[] {
  const refusing = new Set(refused.flatMap((entry) => list.refusedBy(entry)));
  return list.levels.filter((level) => refusing.has(level));
}
