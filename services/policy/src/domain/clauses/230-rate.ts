import type { RateLimit } from '../effective-policy.js';
import { sideOf, sideOfAll } from '../levels.js';
import { allow, deny, type ClauseResult, type Level, type PoliciesInForce } from '../model.js';

/** A limit that has no room, and when it will have: undefined where waiting does not help. */
export interface FullLimit {
  readonly level: Level;
  readonly rule: string;
  readonly limit: number;
  readonly retryAfterMs: number | undefined;
}

/** What asking for a token came to. `unavailable`: the rows could not be reached, which denies. */
export type RateOutcome =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'limited'; readonly full: readonly FullLimit[] }
  | { readonly kind: 'unavailable' };

/** Number and name of the clause that is asked last, because it takes something. */
export const RATE = { number: 230, name: 'rate' } as const;

/** 230: every limit of admissions has room. What a task that others deny would have found is not looked up: it takes no token. */
export function judgeRate(
  policies: PoliciesInForce,
  limits: readonly RateLimit[],
  outcome: RateOutcome | undefined,
): ClauseResult {
  const levels = [...new Set(limits.map(({ level }) => level))];
  if (outcome === undefined) return allow([]);
  switch (outcome.kind) {
    case 'admitted':
      return allow(levels);
    case 'unavailable':
      return deny(
        levels,
        { code: 'POLICY_EVALUATION_ERROR', side: sideOfAll(levels, policies) },
        { reason: 'the admissions of the period could not be read' },
      );
    case 'limited':
      return limited(policies, outcome.full);
  }
}

function limited(policies: PoliciesInForce, full: readonly FullLimit[]): ClauseResult {
  const [worst] = [...full].sort((a, b) => hint(b) - hint(a));
  const by = [...new Set(full.map(({ level }) => level))];
  return deny(
    by,
    { code: 'RATE_LIMITED', side: sideOfAll(by, policies) },
    worst === undefined
      ? {}
      : { rule: worst.rule, level: worst.level, limit: worst.limit, retryAfterMs: worst.retryAfterMs ?? null },
  );
}

const hint = ({ retryAfterMs }: FullLimit): number => retryAfterMs ?? Infinity;

/** When the client may try again as far as its own side's limits tell; undefined where waiting does not help or only the other side's are full. */
export function retryAfterMs(policies: PoliciesInForce, outcome: RateOutcome | undefined): number | undefined {
  if (outcome?.kind !== 'limited') return undefined;
  const own = outcome.full.filter(({ level }) => sideOf(level, policies) === 'client').map(hint);
  const longest = Math.max(...own);
  return own.length > 0 && Number.isFinite(longest) ? longest : undefined;
}
