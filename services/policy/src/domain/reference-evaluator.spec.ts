import { describe, expect, it } from '@jest/globals';
import {
  DEFAULT_ORGANIZATION_POLICY,
  NEUTRAL_POLICY,
  NEUTRAL_SURFACE,
  type OrganizationPolicy,
  type Policy,
  type Surface,
  type TaskData,
} from '@countersign/contracts';
import { anAgent, anId, aTaskEnvelope } from '@countersign/testing';
import { evaluatePolicy } from './evaluate-policy.js';
import { allows, meet } from './lists.js';
import type { PoliciesInForce, PolicyDecision, PolicyFacts } from './model.js';

/**
 * A second evaluator, written from the specification in another way: it knows no intersection and compiles nothing, it asks every document about every word of a
 * small language. Both have to agree on 100,000 random worlds.
 */
const RUNS = 100_000;
const WORDS = ['a', 'ab', 'abc', 'b', 'bc', 'c'] as const;
const PATTERNS = [...WORDS, 'a*', 'ab*', 'b*'] as const;
const CLASSES = ['PUBLIC', 'INTERNAL', 'CONFIDENTIAL', 'RESTRICTED'] as const;
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;
/** Zones without daylight saving: their wall clock is a sum. */
const OFFSETS: Readonly<Record<string, number>> = { UTC: 0, 'Asia/Tokyo': 9, 'Etc/GMT+5': -5 };

/** Deterministic random choices (mulberry32). */
class Dice {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  upTo(n: number): number {
    return Math.floor(this.next() * n);
  }

  one<T>(of: readonly T[]): T {
    const chosen = of[this.upTo(of.length)];
    if (chosen === undefined) throw new Error('nothing to choose from');
    return chosen;
  }

  some<T>(of: readonly T[], most: number): T[] {
    return Array.from({ length: this.upTo(most + 1) }, () => this.one(of));
  }

  /** Mostly the neutral value, or every world would be denied for ten reasons. */
  rarely<T>(chance: number, value: () => T, otherwise: T): T {
    return this.next() < chance ? value() : otherwise;
  }
}

const [CLIENT, TARGET, CONNECTION] = [anAgent(), anAgent(), anId()];
const broken = new WeakSet<object>();

function randomPolicy(dice: Dice): Policy {
  const list = (chance: number): string[] | null =>
    dice.rarely<string[] | null>(chance, () => dice.some(PATTERNS, 5), null);
  const money = (chance: number): string | null =>
    dice.rarely<string | null>(chance, () => String(dice.upTo(12)), null);
  const window = () => ({
    days: dice.some(DAYS, 5).concat(dice.one(DAYS)),
    start: dice.one(['00:00', '06:00', '12:00', '20:00']),
    end: dice.one(['05:00', '11:00', '19:00', '24:00']),
    tz: dice.one(Object.keys(OFFSETS)),
  });
  return {
    ...NEUTRAL_POLICY,
    taskTypes: list(0.15),
    windows: dice.rarely<Policy['windows']>(0.015, () => Array.from({ length: dice.upTo(4) }, window), null),
    models: list(0.15),
    tools: list(0.15),
    dataStores: list(0.1),
    dataClasses: dice.rarely<Policy['dataClasses']>(0.1, () => [...new Set(dice.some(CLASSES, 4))], null),
    maxCostMicros: money(0.2),
    monthlyCapMicros: money(0.1),
    approvalAboveMicros: money(0.2),
    approvalTaskTypes: dice.rarely<string[]>(0.1, () => dice.some([...PATTERNS, '*'], 2), []),
    maxHops: dice.rarely<number | null>(0.3, () => dice.upTo(11), null),
  };
}

function randomOrganization(dice: Dice): OrganizationPolicy {
  const rule = (): OrganizationPolicy['denyRules'][number] => ({
    id: dice.one(['r1', 'r2', 'r3', 'r4']),
    ...dice.one([
      { taskType: dice.one(PATTERNS) },
      { tool: dice.one(PATTERNS), taskType: dice.one(PATTERNS) },
      { model: dice.one(PATTERNS) },
      { dataClass: dice.one(CLASSES) },
      { clientId: dice.one([CLIENT.agent, TARGET.agent]), tool: dice.one(PATTERNS) },
      { targetId: dice.one([CLIENT.agent, TARGET.agent]), dataClass: dice.one(CLASSES) },
    ]),
  });
  return {
    ...DEFAULT_ORGANIZATION_POLICY,
    ...randomPolicy(dice),
    maxHops: dice.upTo(11),
    denyRules: dice.rarely(0.3, () => Array.from({ length: 1 + dice.upTo(2) }, rule), []),
  };
}

function randomSurface(dice: Dice): Surface {
  const { taskTypes, models, tools, dataStores, dataClasses, maxCostMicros, monthlyCapMicros } = randomPolicy(dice);
  const own = { taskTypes, models, tools, dataStores, dataClasses, maxCostMicros, monthlyCapMicros };
  return {
    ...NEUTRAL_SURFACE,
    ...own,
    neverTaskTypes: dice.rarely(0.1, () => dice.some(PATTERNS, 1), []),
    usesModels: dice.next() < 0.5,
  };
}

/** Takes a field away or spoils one, as only a document from elsewhere could be. */
function spoil<T extends object>(dice: Dice, document: T): T {
  const fields = Object.keys(document);
  const copy = { ...document, ...dice.one([{}, { tools: ['*'] }, { models: ['a b'] }, { maxCostMicros: -1 }]) };
  const missing = dice.one(fields);
  const spoilt = Object.fromEntries(Object.entries(copy).filter(([field]) => field !== missing)) as T;
  broken.add(spoilt);
  return spoilt;
}

function pool<T extends object>(dice: Dice, make: (dice: Dice) => T): readonly T[] {
  return Array.from({ length: 300 }, () => dice.rarely(0.01, () => spoil(dice, make(dice)), make(dice)));
}

interface World {
  readonly policies: PoliciesInForce;
  readonly task: TaskData;
  readonly facts: PolicyFacts;
}

function worlds(dice: Dice): () => World {
  const [orgs, agents, connections, surfaces] = [
    pool(dice, randomOrganization),
    pool(dice, randomPolicy),
    pool(dice, randomPolicy),
    pool(dice, randomSurface),
  ];
  const plain = aTaskEnvelope({ data: { target: TARGET.agent } }).data;
  const declared = (name: 'models' | 'tools' | 'dataStores'): Partial<TaskData> =>
    dice.rarely<Partial<TaskData>>(0.5, () => ({ [name]: dice.some(WORDS, 2) }), {});
  return () => {
    const foreignTarget = dice.next() < 0.4;
    return {
      policies: {
        clientOrg: dice.rarely<OrganizationPolicy | undefined>(0.6, () => dice.one(orgs), undefined),
        targetOrg: dice.rarely<OrganizationPolicy | undefined>(
          foreignTarget ? 0.6 : 0,
          () => dice.one(orgs),
          undefined,
        ),
        client: dice.rarely<Policy | undefined>(0.5, () => dice.one(agents), undefined),
        connection: dice.rarely<Policy | undefined>(0.97, () => dice.one(connections), undefined),
        targetSurface: dice.one(surfaces),
        shareTaskTypes: dice.rarely<string[] | null>(foreignTarget ? 0.3 : 0, () => dice.some(PATTERNS, 3), null),
        foreignTarget,
      },
      task: {
        ...plain,
        taskType: dice.one(WORDS),
        ...declared('models'),
        ...declared('tools'),
        ...declared('dataStores'),
        ...dice.rarely<Partial<TaskData>>(0.4, () => ({ dataClass: dice.one(CLASSES) }), {}),
      },
      facts: {
        now: Date.parse('2026-11-16T00:00:00.000Z') + dice.upTo(7 * 24 * 60) * 60_000,
        estimateMicros: dice.rarely<bigint | undefined>(0.9, () => BigInt(dice.upTo(12)), undefined),
        client: CLIENT,
        target: TARGET,
        connection: CONNECTION,
        mayOriginate: dice.next() < 0.97,
      },
    };
  };
}

const match = (pattern: string, word: string): boolean =>
  pattern[pattern.length - 1] === '*' ? word.indexOf(pattern.slice(0, pattern.length - 1)) === 0 : pattern === word;
const listed = (list: readonly string[] | null, word: string): boolean => {
  if (list === null) return true;
  for (const pattern of list) if (match(pattern, word)) return true;
  return false;
};

function open(windows: Policy['windows'], now: number): boolean {
  if (windows === null) return true;
  for (const { days, start, end, tz } of windows) {
    const wall = new Date(now + (OFFSETS[tz] ?? NaN) * 3_600_000);
    const clock = wall.toISOString().slice(11, 16);
    const [today, yesterday] = [DAYS[wall.getUTCDay()], DAYS[(wall.getUTCDay() + 6) % 7]];
    const on = (day: string | undefined): boolean => days.some((name) => name === day);
    if (
      start < end
        ? on(today) && clock >= start && clock < end
        : (on(today) && clock >= start) || (on(yesterday) && clock < end)
    )
      return true;
  }
  return false;
}

interface Expected {
  readonly decision: PolicyDecision['decision'];
  readonly codes: readonly string[];
}

/** The specification, one line a clause. */
function reference({ policies, task, facts }: World): Expected {
  const { clientOrg, targetOrg, client, connection, targetSurface: surface } = policies;
  const documents = [clientOrg, targetOrg, client, connection].filter((document) => document !== undefined);
  if ([...documents, surface].some((document) => broken.has(document)))
    return { decision: 'DENY', codes: ['POLICY_EVALUATION_ERROR'] };
  const holders = [...documents, surface];
  const cost = facts.estimateMicros;
  const cls = task.dataClass ?? 'INTERNAL';
  const caps = holders.flatMap(({ maxCostMicros }) => (maxCostMicros === null ? [] : [BigInt(maxCostMicros)]));
  const thresholds = documents.flatMap((d) => (d.approvalAboveMicros === null ? [] : [BigInt(d.approvalAboveMicros)]));
  const needsCost = caps.length + thresholds.length > 0 || holders.some((holder) => holder.monthlyCapMicros !== null);
  const forbids = (field: 'models' | 'tools' | 'dataStores'): boolean =>
    (task[field] ?? []).some((word) => holders.some((holder) => !listed(holder[field], word)));
  const modelsLeft = allModels(holders.map(({ models }) => models));
  const denials: readonly (readonly [boolean, string])[] = [
    [
      [...(clientOrg?.denyRules ?? []), ...(targetOrg?.denyRules ?? [])].some((rule) => hits(rule, task, cls)),
      'EXPLICIT_DENY',
    ],
    [!facts.mayOriginate, 'ORIGINATION_NOT_ALLOWED'],
    [surface.neverTaskTypes.some((pattern) => match(pattern, task.taskType)), 'TASK_TYPE_FORBIDDEN_BY_TARGET'],
    [
      connection === undefined ||
        holders.some(({ taskTypes }) => !listed(taskTypes, task.taskType)) ||
        !listed(policies.shareTaskTypes, task.taskType),
      'TASK_TYPE_NOT_ALLOWED',
    ],
    [documents.some(({ windows }) => !open(windows, facts.now)), 'OUTSIDE_TIME_WINDOW'],
    [forbids('models') || (task.models === undefined && surface.usesModels && !modelsLeft), 'MODEL_NOT_ALLOWED'],
    [forbids('tools'), 'TOOL_NOT_ALLOWED'],
    [forbids('dataStores'), 'DATA_STORE_NOT_ALLOWED'],
    [holders.some(({ dataClasses }) => dataClasses !== null && !dataClasses.includes(cls)), 'DATA_CLASS_NOT_ALLOWED'],
    [cost === undefined && needsCost, 'COST_ESTIMATE_MISSING'],
    [cost !== undefined && caps.some((cap) => cost > cap), 'COST_PER_REQUEST_EXCEEDED'],
  ];
  const denied = denials.flatMap(([applies, code]) => (applies ? [code] : []));
  if (denied.length > 0) return { decision: 'DENY', codes: denied };
  const asked = [
    ...(cost !== undefined && thresholds.some((threshold) => cost > threshold)
      ? ['APPROVAL_COST_ABOVE_THRESHOLD']
      : []),
    ...(documents.some((d) => d.approvalTaskTypes.some((pattern) => match(pattern, task.taskType)))
      ? ['APPROVAL_TASK_TYPE']
      : []),
  ];
  return { decision: asked.length > 0 ? 'REQUIRE_APPROVAL' : 'ALLOW', codes: asked };
}

/** Whether any model at all is left: a word, or something that begins with what a pattern says. */
function allModels(lists: readonly (readonly string[] | null)[]): boolean {
  return [...WORDS, 'ax', 'abx', 'bx', 'cx', 'x'].some((word) => lists.every((list) => listed(list, word)));
}

function hits(rule: OrganizationPolicy['denyRules'][number], task: TaskData, cls: string): boolean {
  if (rule.taskType !== undefined && !match(rule.taskType, task.taskType)) return false;
  if (rule.clientId !== undefined && rule.clientId !== CLIENT.agent) return false;
  if (rule.targetId !== undefined && rule.targetId !== TARGET.agent) return false;
  const { tool, model } = rule;
  if (tool !== undefined && !(task.tools ?? []).some((word) => match(tool, word))) return false;
  if (model !== undefined && !(task.models ?? []).some((word) => match(model, word))) return false;
  return rule.dataClass === undefined || rule.dataClass === cls;
}

/** What a grant has to come to, word by word. */
function grantFits({ policies, task }: World, { grant }: PolicyDecision): boolean {
  if (grant === undefined) return false;
  const { clientOrg, targetOrg, client, connection, targetSurface: surface, shareTaskTypes } = policies;
  const documents = [clientOrg, targetOrg, client, connection].filter((document) => document !== undefined);
  const holders = [...documents, surface];
  const lists = (['models', 'tools', 'dataStores'] as const).every((field) => {
    const declared = task[field];
    if (declared !== undefined) return JSON.stringify(grant[field]) === JSON.stringify([...new Set(declared)].sort());
    return [...WORDS, 'ax', 'abx', 'x'].every(
      (word) => listed(grant[field], word) === holders.every((holder) => listed(holder[field], word)),
    );
  });
  const types = WORDS.every(
    (word) =>
      listed(grant.taskTypes, word) ===
      (holders.every((holder) => listed(holder.taskTypes, word)) && listed(shareTaskTypes, word)),
  );
  const classes = CLASSES.every(
    (word) => listed(grant.dataClasses, word) === holders.every((holder) => listed(holder.dataClasses, word)),
  );
  const caps = holders.flatMap(({ maxCostMicros }) => (maxCostMicros === null ? [] : [Number(maxCostMicros)]));
  const hops = [
    clientOrg === undefined ? 4 : 10,
    ...documents.flatMap(({ maxHops }) => (maxHops === null ? [] : [maxHops])),
  ];
  return (
    lists &&
    types &&
    classes &&
    grant.maxCostMicros === (caps.length === 0 ? null : String(Math.min(...caps))) &&
    grant.hopsLeft === Math.min(...hops)
  );
}

describe('the evaluator', () => {
  it(`agrees with the reference on ${RUNS} random worlds`, () => {
    const world = worlds(new Dice(2026));
    const counts = { ALLOW: 0, DENY: 0, REQUIRE_APPROVAL: 0 };
    const seen = new Set<string>();
    for (let run = 0; run < RUNS; run += 1) {
      const one = world();
      const evaluation = evaluatePolicy(one.policies, one.task, one.facts);
      if (evaluation.kind !== 'decided') throw new Error('no rate is limited here');
      const { decision, codes } = evaluation.decision;
      const expected = reference(one);
      const found = { decision, codes: [...new Set(codes.map(({ code }) => code))] };
      if (JSON.stringify(found) !== JSON.stringify(expected))
        expect({ run, one, found }).toEqual({ run, one, found: expected });
      if (decision !== 'DENY' && !grantFits(one, evaluation.decision))
        throw new Error(`run ${run}: the grant ${JSON.stringify(evaluation.decision.grant)} does not fit`);
      counts[decision] += 1;
      for (const code of expected.codes) seen.add(code);
    }
    // a comparison that never met a decision or a code would prove nothing of it
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(RUNS / 50);
    expect(seen.size).toBe(14);
  });
});

describe('the meet of two lists', () => {
  it('allows exactly what both allow', () => {
    const dice = new Dice(7);
    const list = (): string[] | null => dice.rarely<string[] | null>(0.9, () => dice.some(PATTERNS, 4), null);
    for (let run = 0; run < 20_000; run += 1) {
      const [a, b, word] = [list(), list(), dice.one([...WORDS, 'abd', 'x'])];
      if (allows(meet(a, b), word) !== (allows(a, word) && allows(b, word)))
        throw new Error(`meet of ${JSON.stringify(a)} and ${JSON.stringify(b)} is wrong about ${word}`);
    }
  });
});
