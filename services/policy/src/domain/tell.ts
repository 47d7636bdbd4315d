import type { List, ReasonCode, TimeWindow } from '@countersign/contracts';
import { smallest, type EffectivePolicy, type ListField } from './effective-policy.js';
import type { ClauseReport, Level, PolicyDecision } from './model.js';

/** Longer lists are cut in what is told; how many there are is told with them. */
export const MOST_ENTRIES = 20;

/** A list as it is told: its entries, and how many there are where not all are told. */
export type ToldList = string[] | { first: string[]; count: number };

/** A clause as it is told. */
export interface ToldClause {
  readonly n: number;
  readonly clause: string;
  readonly result: ClauseReport['outcome'];
  readonly by: string[];
  readonly codes?: ReasonCode[];
  readonly detail?: Record<string, string | number | null | string[]>;
}

/** The effective policy in compact form: what is not limited is left out. */
export interface ToldPolicy {
  readonly [field: string]: ToldList | string | number;
}

/** Of a clause that another organisation's rule decided: what the task itself says, nothing of the rule. */
const OF_THE_TASK = ['refused', 'taskType', 'estimateMicros'];

/**
 * Every clause with its result and the levels that decided. It stands in the record of the client's organisation: of the other organisation's rules it says that
 * they decided, not what they are.
 */
export function tellClauses({ clauses }: Pick<PolicyDecision, 'clauses'>): ToldClause[] {
  return clauses.map(({ number, name, outcome, by, reasons, detail = {} }) => {
    const isForeign = by.includes('targetOrg') || reasons.some(({ side }) => side === 'target');
    const told = copyOf(detail, (key) => !isForeign || OF_THE_TASK.includes(key));
    return {
      n: number,
      clause: name,
      result: outcome,
      by: [...by],
      ...(reasons.length === 0 ? {} : { codes: [...new Set(reasons.map(({ code }) => code))] }),
      ...(Object.keys(told).length === 0 ? {} : { detail: told }),
    };
  });
}

function copyOf(
  detail: NonNullable<ClauseReport['detail']>,
  mayTell: (key: string) => boolean,
): Record<string, string | number | null | string[]> {
  return Object.fromEntries(
    Object.entries(detail)
      .filter(([key]) => mayTell(key))
      .map(([key, value]) => [key, value instanceof Array ? [...value] : value]),
  );
}

const told = new WeakMap<EffectivePolicy, ToldPolicy>();

/** The effective policy for whoever asks why: lists and caps as they are granted, of windows, thresholds, rates and denials those of the client's side. Made once. */
export function tellEffective(effective: EffectivePolicy): ToldPolicy {
  const known = told.get(effective) ?? compact(effective);
  told.set(effective, known);
  return known;
}

function compact(effective: EffectivePolicy): ToldPolicy {
  const { lists, ownWindows: windows } = effective;
  const own = <T extends { readonly level: Level }>(rules: readonly T[]): readonly T[] =>
    rules.filter(({ level }) => level !== 'targetOrg');
  const [rates, denyRules] = [own(effective.rates), own(effective.denyRules)];
  const fields: Readonly<Record<string, ToldList | string | number | undefined>> = {
    ...Object.fromEntries(
      Object.entries<EffectivePolicy['lists'][ListField]>(lists).map(([field, { list }]) => [field, cut(list)]),
    ),
    windows: cut(windows.length === 0 ? null : windows.map(({ level, value }) => `${level}: ${windowText(value)}`)),
    maxCostMicros: smallest(effective.maxCost)?.toString(),
    approvalAboveMicros: smallest(own(effective.approvalAbove))?.toString(),
    approvalTaskTypes: cut(union(own(effective.approvalTaskTypes).map(({ value }) => value))),
    rates: cut(
      rates.length === 0
        ? null
        : rates.map(({ level, rule, limit }) => `${level}: ${limit} ${rule === 'hour' ? 'an' : 'a'} ${rule}`),
    ),
    denyRules: denyRules.length === 0 ? undefined : denyRules.length,
    hopsLeft: effective.hopsLeft,
  };
  return Object.fromEntries(
    Object.entries(fields).flatMap(([field, value]) => (value === undefined ? [] : [[field, value]])),
  );
}

function cut(list: List): ToldList | undefined {
  if (list === null) return undefined;
  if (list.length <= MOST_ENTRIES) return [...list];
  return { first: list.slice(0, MOST_ENTRIES), count: list.length };
}

function union(lists: readonly (readonly string[])[]): List {
  return lists.length === 0 ? null : [...new Set(lists.flat())].sort();
}

function windowText(windows: readonly TimeWindow[]): string {
  if (windows.length === 0) return 'never';
  return windows
    .map(({ days, start, end, tz }) => `${days.join(' ')} ${start}-${end} ${tz}`)
    .join(', ')
    .slice(0, 300);
}
