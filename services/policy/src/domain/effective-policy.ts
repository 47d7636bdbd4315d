import { parseMicros, type Micros } from '@countersign/primitives';
import type { GrantTerms, List, Policy, Surface, TaskData } from '@countersign/contracts';
import { meet, normalise } from './lists.js';
import type { EffectivePolicy, PoliciesInForce } from './model.js';

const DEFAULT_MAX_HOPS = 4;

/** The smaller of two limits; an absent one does not limit. */
export function smaller(a: Micros | undefined, b: string | null): Micros | undefined {
  if (b === null) return a;
  const value = parseMicros(b);
  return a === undefined || value < a ? value : a;
}

/** The documents that exist, the client's side first. */
export function documentsOf({ clientOrg, targetOrg, client, connection }: PoliciesInForce): readonly Policy[] {
  return [clientOrg, targetOrg, client, connection].filter((document) => document !== undefined);
}

/**
 * The intersection of all documents and the target's surface: lists meet, caps and hops take the minimum, demands for approval are united.
 * A task that names models, tools or stores is granted exactly those; a silent one the effective list.
 */
export function effectivePolicy(policies: PoliciesInForce, task: TaskData): EffectivePolicy {
  const documents = documentsOf(policies);
  const { targetSurface: surface } = policies;
  const list = (field: 'taskTypes' | 'models' | 'tools' | 'dataStores'): List =>
    documents.reduce<List>((met, document) => meet(met, document[field]), surface[field]);
  const maxCost = documents.reduce(
    (limit, document) => smaller(limit, document.maxCostMicros),
    smaller(undefined, surface.maxCostMicros),
  );
  const grant: GrantTerms = {
    taskTypes: mutable(list('taskTypes')),
    models: mutable(task.models === undefined ? list('models') : normalise(task.models)),
    tools: mutable(task.tools === undefined ? list('tools') : normalise(task.tools)),
    dataStores: mutable(task.dataStores === undefined ? list('dataStores') : normalise(task.dataStores)),
    dataClasses: classesOf(documents, surface),
    maxCostMicros: maxCost?.toString() ?? null,
    notAfter: null,
    hopsLeft: Math.min(DEFAULT_MAX_HOPS, ...documents.map((document) => document.maxHops ?? DEFAULT_MAX_HOPS)),
  };
  return {
    grant,
    approvalAboveMicros: documents.reduce<Micros | undefined>(
      (limit, document) => smaller(limit, document.approvalAboveMicros),
      undefined,
    ),
    hasCostRule: maxCost !== undefined || documents.some(hasCostRule) || surface.monthlyCapMicros !== null,
  };
}

function classesOf(documents: readonly Policy[], surface: Surface): GrantTerms['dataClasses'] {
  return documents.reduce<GrantTerms['dataClasses']>(
    (met, { dataClasses }) =>
      dataClasses === null ? met : met === null ? [...dataClasses] : met.filter((c) => dataClasses.includes(c)),
    surface.dataClasses === null ? null : [...surface.dataClasses],
  );
}

function hasCostRule(document: Policy): boolean {
  return (
    document.approvalAboveMicros !== null ||
    document.approvalAbovePerDayMicros !== null ||
    document.monthlyCapMicros !== null
  );
}

const mutable = (list: List): string[] | null => (list === null ? null : [...list]);
