import { parseMicros } from '@countersign/primitives';
import type { GrantTerms } from '@countersign/contracts';

type List = readonly string[] | null;

function covers(wide: string, narrow: string): boolean {
  const stem = wide.endsWith('*') ? wide.slice(0, -1) : undefined;
  if (stem === undefined) return wide === narrow;
  return narrow.startsWith(stem);
}

function listWithin(narrow: List, wide: List): boolean {
  if (wide === null) return true;
  return narrow !== null && narrow.every((entry) => wide.some((pattern) => covers(pattern, entry)));
}

function amountWithin(narrow: string | null, wide: string | null): boolean {
  return wide === null || (narrow !== null && parseMicros(narrow) <= parseMicros(wide));
}

/** Whether a grant allows nothing that the other does not. */
export function isNarrowerOrEqual(narrow: GrantTerms, wide: GrantTerms): boolean {
  const lists = (['models', 'tools', 'dataStores', 'dataClasses', 'taskTypes'] as const).every((field) =>
    listWithin(narrow[field], wide[field]),
  );
  const ends = wide.notAfter === null || (narrow.notAfter !== null && narrow.notAfter <= wide.notAfter);
  return lists && ends && amountWithin(narrow.maxCostMicros, wide.maxCostMicros) && narrow.hopsLeft <= wide.hopsLeft;
}

/** Whether something that a target told of is no part of what it was granted. */
export function exceedsGrant(
  told: { readonly models: readonly string[]; readonly tools: readonly string[] },
  grant: Pick<GrantTerms, 'models' | 'tools'>,
): boolean {
  return !listWithin(told.models, grant.models) || !listWithin(told.tools, grant.tools);
}
