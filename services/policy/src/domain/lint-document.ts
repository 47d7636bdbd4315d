import { decimalOfMicros, parseMicros } from '@countersign/primitives';
import type { List, OrganizationPolicy, Policy } from '@countersign/contracts';
import type { Finding } from './document-text.js';
import { covers, meet } from './lists.js';
import { nextOpen } from './time-windows.js';

const LISTS = ['taskTypes', 'models', 'tools', 'dataStores', 'approvalTaskTypes'] as const;

/** What is valid in a document and probably not meant: rules that never decide, lists that let nothing pass. `now` in ms. */
export function lintDocument(document: Policy | OrganizationPolicy, now: number): readonly Finding[] {
  return [
    ...LISTS.flatMap((field) => coveredEntries(field, document[field])),
    ...emptyTypes(document),
    ...closedWindows(document, now),
    ...uselessRates(document),
    ...uselessAmounts(document),
    ...uselessApprovalTypes(document),
    ...('denyRules' in document ? lintRules(document) : []),
  ];
}

function coveredEntries(field: string, list: List): readonly Finding[] {
  return (list ?? []).flatMap((entry, i) => {
    const wide = list?.find((other, j) => j !== i && other !== entry && covers(other, entry));
    return wide === undefined ? [] : [{ field, message: `${entry} is covered by ${wide}` }];
  });
}

function emptyTypes({ taskTypes }: Policy): readonly Finding[] {
  return taskTypes?.length === 0 ? [{ field: 'taskTypes', message: 'allows no task type: nothing passes' }] : [];
}

function closedWindows({ windows }: Policy, now: number): readonly Finding[] {
  if (windows === null) return [];
  if (windows.length === 0) return [{ field: 'windows', message: 'an empty list never opens; null is always open' }];
  return windows.flatMap((window, i) =>
    nextOpen([[window]], now) === undefined
      ? [{ field: `windows.${i}`, message: 'does not open within the next 15 days' }]
      : [],
  );
}

function uselessRates({ rate }: Policy): readonly Finding[] {
  if (rate === null) return [];
  const { perMinute, perHour } = rate;
  if (perMinute === null && perHour === null) return [{ field: 'rate', message: 'limits nothing; null says so' }];
  const none = (
    [
      ['rate.perMinute', perMinute],
      ['rate.perHour', perHour],
    ] as const
  ).flatMap(([field, limit]) => (limit === 0 ? [{ field, message: '0 lets nothing pass' }] : []));
  if (none.length > 0 || perMinute === null || perHour === null) return none;
  if (perMinute >= perHour) return [{ field: 'rate.perMinute', message: `never decides: perHour is ${perHour}` }];
  if (perHour >= 60 * perMinute)
    return [{ field: 'rate.perHour', message: `never decides: perMinute lets at most ${60 * perMinute} an hour pass` }];
  return [];
}

function uselessAmounts({ maxCostMicros, approvalAboveMicros, monthlyCapMicros }: Policy): readonly Finding[] {
  const [most, threshold, cap] = [maxCostMicros, approvalAboveMicros, monthlyCapMicros].map((amount) =>
    amount === null ? undefined : parseMicros(amount),
  );
  if (most === undefined) return [];
  return [
    ...(threshold !== undefined && threshold >= most
      ? [
          {
            field: 'approvalAboveMicros',
            message: `never asks: a task may cost at most ${decimalOfMicros(most)} (maxCostMicros)`,
          },
        ]
      : []),
    ...(cap !== undefined && cap < most
      ? [{ field: 'maxCostMicros', message: `never decides: the month has ${decimalOfMicros(cap)} (monthlyCapMicros)` }]
      : []),
  ];
}

function uselessApprovalTypes({ taskTypes, approvalTaskTypes }: Policy): readonly Finding[] {
  return approvalTaskTypes.flatMap((pattern) =>
    meet(taskTypes, [pattern])?.length === 0
      ? [{ field: 'approvalTaskTypes', message: `${pattern} never asks: no task type of taskTypes is one of it` }]
      : [],
  );
}

type Rule = OrganizationPolicy['denyRules'][number];

function lintRules({ denyRules, taskTypes }: OrganizationPolicy): readonly Finding[] {
  const inOrder = [...denyRules].sort((a, b) => (a.id < b.id ? -1 : 1));
  return inOrder.flatMap((rule, i) => {
    const field = `denyRules.${rule.id}`;
    const earlier = inOrder.slice(0, i).find((other) => isWider(other, rule));
    return [
      ...(earlier === undefined
        ? []
        : [{ field, message: `is never reached: ${earlier.id} comes first and denies all of it` }]),
      ...(rule.taskType !== undefined && meet(taskTypes, [rule.taskType])?.length === 0
        ? [{ field, message: `denies nothing more: taskTypes does not allow ${rule.taskType}` }]
        : []),
      ...(rule.tool !== undefined || rule.model !== undefined
        ? [
            {
              field,
              message:
                'catches only tasks that declare the tool or model; a task that is silent is granted the effective list, so leave it out of that list too',
            },
          ]
        : []),
    ];
  });
}

/** Tells whether a rule applies wherever another does: each of its conditions is at least as wide as one of the other. */
function isWider(wide: Rule, narrow: Rule): boolean {
  const pattern = (name: 'taskType' | 'tool' | 'model'): boolean =>
    wide[name] === undefined || (narrow[name] !== undefined && covers(wide[name], narrow[name]));
  const same = (name: 'clientId' | 'targetId' | 'dataClass'): boolean =>
    wide[name] === undefined || wide[name] === narrow[name];
  return (
    pattern('taskType') &&
    pattern('tool') &&
    pattern('model') &&
    same('clientId') &&
    same('targetId') &&
    same('dataClass')
  );
}
