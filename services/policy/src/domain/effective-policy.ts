import { parseMicros, type Micros } from '@countersign/primitives';
import type { List, OrganizationPolicy, TimeWindow } from '@countersign/contracts';
import { documentsOf, type LevelDocument } from './levels.js';
import { ListMatcher, meet } from './lists.js';
import type { Level, PoliciesInForce } from './model.js';

/** Fields that are lists of what is allowed. */
export const LIST_FIELDS = ['taskTypes', 'models', 'tools', 'dataStores', 'dataClasses'] as const;
/** A field that is a list of what is allowed. */
export type ListField = (typeof LIST_FIELDS)[number];

/** A rule with the level that it stands at. */
export interface At<T> {
  readonly level: Level;
  readonly value: T;
}

/** What all levels allow of one kind, and the levels that limit it. */
export class EffectiveList {
  readonly #matcher: ListMatcher | undefined;

  constructor(
    readonly list: List,
    readonly limits: readonly At<ListMatcher>[],
  ) {
    this.#matcher = list === null ? undefined : new ListMatcher(list);
  }

  /** Tells whether every level allows an entry. */
  allows(entry: string): boolean {
    return this.#matcher === undefined || this.#matcher.allows(entry);
  }

  /** The levels that limit this kind at all. */
  get levels(): readonly Level[] {
    return this.limits.map(({ level }) => level);
  }

  /** The levels that do not allow an entry. */
  refusedBy(entry: string): readonly Level[] {
    return this.limits.filter(({ value }) => !value.allows(entry)).map(({ level }) => level);
  }
}

/** One limit of admissions in a period. */
export interface RateLimit {
  readonly level: LevelDocument['level'];
  readonly rule: 'minute' | 'hour';
  readonly limit: number;
}

type DenyRule = OrganizationPolicy['denyRules'][number];

/** The intersection of all levels: lists meet, caps and hops take the minimum, windows must all be open, demands for approval are united. */
export interface EffectivePolicy {
  readonly lists: Readonly<Record<ListField, EffectiveList>>;
  readonly windows: readonly At<readonly TimeWindow[]>[];
  /** The windows of the client's side: when they open is told to the client. */
  readonly ownWindows: readonly At<readonly TimeWindow[]>[];
  readonly maxCost: readonly At<Micros>[];
  readonly approvalAbove: readonly At<Micros>[];
  readonly approvalTaskTypes: readonly At<readonly string[]>[];
  /** Levels at which any rule needs to know the cost. */
  readonly costRules: readonly Level[];
  readonly rates: readonly RateLimit[];
  /** Explicit denials of both organisations in the order in which they are tried. */
  readonly denyRules: readonly At<DenyRule>[];
  /** Further hops that are allowed below a task without a parent. */
  readonly hopsLeft: number;
}

const DEFAULT_MAX_HOPS = 4;

interface Compiled {
  readonly policies: PoliciesInForce;
  readonly effective: EffectivePolicy;
}

/** What was made of the documents of a connection last. Documents are immutable, a new version is a new object. */
const compiled = new WeakMap<object, Compiled>();

/** The effective policy of some documents; made once for the same ones. */
export function effectivePolicy(policies: PoliciesInForce): EffectivePolicy {
  const anchor = policies.connection ?? policies.targetSurface;
  const known = compiled.get(anchor);
  if (known !== undefined && areSame(known.policies, policies)) return known.effective;
  const effective = compile(policies);
  compiled.set(anchor, { policies, effective });
  return effective;
}

function areSame(a: PoliciesInForce, b: PoliciesInForce): boolean {
  return (
    a.clientOrg === b.clientOrg &&
    a.targetOrg === b.targetOrg &&
    a.client === b.client &&
    a.connection === b.connection &&
    a.targetSurface === b.targetSurface &&
    a.shareTaskTypes === b.shareTaskTypes &&
    a.foreignTarget === b.foreignTarget
  );
}

function compile(policies: PoliciesInForce): EffectivePolicy {
  const documents = documentsOf(policies);
  const { targetSurface: surface } = policies;
  const windows = set(documents, (document) => document.windows);
  return {
    lists: listsOf(policies, documents),
    windows,
    ownWindows: windows.filter(({ level }) => level !== 'targetOrg'),
    maxCost: [
      ...set(documents, ({ maxCostMicros }) => amount(maxCostMicros)),
      ...at('surface', amount(surface.maxCostMicros)),
    ],
    approvalAbove: set(documents, ({ approvalAboveMicros }) => amount(approvalAboveMicros)),
    approvalTaskTypes: set(documents, ({ approvalTaskTypes: types }) => (types.length === 0 ? null : types)),
    costRules: [
      ...documents.filter(({ document }) => hasCostRule(document)).map(({ level }) => level),
      ...(surface.maxCostMicros === null && surface.monthlyCapMicros === null ? [] : (['surface'] as const)),
    ],
    rates: documents.flatMap(ratesOf),
    denyRules: [...rulesOf('clientOrg', policies.clientOrg), ...rulesOf('targetOrg', policies.targetOrg)].sort(
      (a, b) => (a.value.id < b.value.id ? -1 : a.value.id > b.value.id ? 1 : 0),
    ),
    hopsLeft: Math.min(
      policies.clientOrg?.maxHops ?? DEFAULT_MAX_HOPS,
      ...documents.flatMap(({ document: { maxHops } }) => (maxHops === null ? [] : [maxHops])),
    ),
  };
}

function listsOf(policies: PoliciesInForce, documents: readonly LevelDocument[]): EffectivePolicy['lists'] {
  const listOf = (field: ListField): EffectiveList => {
    const limits: readonly At<readonly string[]>[] = [
      ...set(documents, (document) => document[field]),
      ...at('surface', policies.targetSurface[field]),
      ...(field === 'taskTypes' ? at('share', policies.shareTaskTypes) : []),
    ];
    const met = limits.reduce<List>((list, { value }) => meet(list, value), null);
    return new EffectiveList(
      met,
      limits.map(({ level, value }) => ({ level, value: new ListMatcher(value) })),
    );
  };
  return {
    taskTypes: listOf('taskTypes'),
    models: listOf('models'),
    tools: listOf('tools'),
    dataStores: listOf('dataStores'),
    dataClasses: listOf('dataClasses'),
  };
}

/** What the documents demand of one kind; null is no demand. */
function set<T>(
  documents: readonly LevelDocument[],
  demand: (document: LevelDocument['document']) => T | null,
): readonly At<T>[] {
  return documents.flatMap(({ level, document }) => at(level, demand(document)));
}

function at<T>(level: Level, value: T | null): readonly At<T>[] {
  return value === null ? [] : [{ level, value }];
}

const amount = (micros: string | null): Micros | null => (micros === null ? null : parseMicros(micros));

function hasCostRule(document: LevelDocument['document']): boolean {
  return (
    document.maxCostMicros !== null ||
    document.approvalAboveMicros !== null ||
    document.approvalAbovePerDayMicros !== null ||
    document.monthlyCapMicros !== null
  );
}

function ratesOf({ level, document: { rate } }: LevelDocument): readonly RateLimit[] {
  if (rate === null) return [];
  return [
    ...(rate.perHour === null ? [] : [{ level, rule: 'hour', limit: rate.perHour } as const]),
    ...(rate.perMinute === null ? [] : [{ level, rule: 'minute', limit: rate.perMinute } as const]),
  ];
}

function rulesOf(level: 'clientOrg' | 'targetOrg', document: OrganizationPolicy | undefined): readonly At<DenyRule>[] {
  return (document?.denyRules ?? []).map((value) => ({ level, value }));
}

/** The smallest of some limits; undefined where none is set. */
export function smallest(limits: readonly At<Micros>[]): Micros | undefined {
  return limits.reduce<Micros | undefined>(
    (least, { value }) => (least === undefined || value < least ? value : least),
    undefined,
  );
}
