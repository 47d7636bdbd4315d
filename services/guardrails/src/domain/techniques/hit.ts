import type { Category } from '../detection/category.js';
import type { Finding } from '../detection/finding.js';

/** What a technique can find. `TASK_CANARY` is the canary of the execution itself: a target that echoes it is no exfiltrator, so it is told from CANARY_LEAK. */
export type HitCategory = Category | 'TASK_CANARY';

/** Where something was found, by a rule or by another technique. No content is in it. */
export interface Hit extends Pick<Finding, 'kind' | 'field' | 'start' | 'end' | 'view' | 'origin'> {
  readonly category: HitCategory;
  /** The most that this hit may lead to, whatever its guardrail's action is. */
  readonly atMost?: 'WARN' | 'ESCALATE';
}

/** A finding that crosses two leaves of JSON is reported, never acted on: it cannot be cut out of either. */
export const JOINED = 'joined';

/** Takes over what rules found. */
export function hitOf(finding: Finding): Hit {
  const { category, kind, field, start, end, view, origin } = finding;
  const atMost = view === JOINED ? ({ atMost: 'WARN' } as const) : {};
  return { category, kind, field, start, end, view, origin, ...atMost };
}
