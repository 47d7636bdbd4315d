import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  DEFAULT_ORGANIZATION_POLICY,
  NEUTRAL_POLICY,
  NEUTRAL_SURFACE,
  type OrganizationPolicy,
  type Policy,
  type TaskData,
} from '@countersign/contracts';
import { aTaskEnvelope } from '@countersign/testing';
import fc from 'fast-check';
import { parse } from 'yaml';
import { evaluatePolicy } from './evaluate-policy.js';
import type { PoliciesInForce } from './model.js';
import { unsupportedPolicyFields, unsupportedTaskFields } from './unsupported.js';

type Change = Readonly<Record<string, unknown>>;
interface Case {
  readonly name: string;
  readonly connection?: Change | 'none';
  readonly client?: Change;
  readonly clientOrg?: Change;
  readonly targetOrg?: Change;
  readonly surface?: Change;
  readonly task?: Partial<TaskData>;
  readonly now?: string;
  readonly estimate?: string | null;
  readonly decision: 'ALLOW' | 'DENY' | 'REQUIRE_APPROVAL';
  readonly codes?: readonly string[];
  readonly side?: string;
  readonly nextOpenAt?: string | null;
}

const read = (file: string): unknown =>
  parse(readFileSync(join(import.meta.dirname, '..', '..', 'cases', file), 'utf8'));
const CASES = read('decisions.yaml') as readonly Case[];
const UNSUPPORTED = read('unsupported-fields.yaml') as Readonly<Record<'policy' | 'organization' | 'task', Change>>;

const FRIDAY = '2026-11-20T10:00:00.000Z';
const SURFACE = { ...NEUTRAL_SURFACE, taskTypes: ['code_review', 'summarize', 'translate'] };
const CONNECTION: Policy = {
  ...NEUTRAL_POLICY,
  taskTypes: ['code_review', 'summarize'],
  windows: [{ days: ['MON', 'TUE', 'WED', 'THU', 'FRI'], start: '08:00', end: '18:00', tz: 'UTC' }],
  approvalAboveMicros: '50000000',
  monthlyCapMicros: '200000000',
};
const TASK = aTaskEnvelope({ data: { taskType: 'code_review' } }).data;
const NOW = { now: Date.parse(FRIDAY), estimateMicros: 10_000_000n };

/** A document with single fields changed; a field that is `missing` is taken away, as only a document from elsewhere could be. */
function changed<T extends object>(document: T, change: Change): T {
  const fields = Object.entries({ ...document, ...change }).filter(([, value]) => value !== 'missing');
  return Object.fromEntries(fields) as T;
}

function policiesOf({
  connection = {},
  client,
  clientOrg,
  targetOrg,
  surface = {},
}: Omit<Case, 'name' | 'decision'>): PoliciesInForce {
  const org = (change: Change | undefined): OrganizationPolicy | undefined =>
    change === undefined ? undefined : changed(DEFAULT_ORGANIZATION_POLICY, change);
  return {
    clientOrg: org(clientOrg),
    targetOrg: org(targetOrg),
    client: client === undefined ? undefined : changed(NEUTRAL_POLICY, client),
    connection: connection === 'none' ? undefined : changed(CONNECTION, connection),
    targetSurface: changed(SURFACE, surface),
  };
}

describe('a decision of policy', () => {
  it.each(CASES)('$name: $decision', (one) => {
    const { task = {}, now = FRIDAY, estimate = '10000000', decision, codes = [], side = 'client' } = one;
    const facts = { now: Date.parse(now), estimateMicros: estimate === null ? undefined : BigInt(estimate) };
    const decided = evaluatePolicy(policiesOf(one), { ...TASK, ...task }, facts);
    expect({ decision: decided.decision, codes: decided.codes.map(({ code }) => code) }).toEqual({ decision, codes });
    expect(decided.codes.map((code) => code.side)).toEqual(codes.map(() => side));
    expect(decided.grant === undefined).toBe(decision === 'DENY');
    if (one.nextOpenAt !== undefined) expect(decided.details['time_window']).toEqual({ nextOpenAt: one.nextOpenAt });
  });

  it('names the clause of every reason, in their order', () => {
    const facts = { now: Date.parse('2026-11-21T10:00:00.000Z'), estimateMicros: undefined };
    const { codes } = evaluatePolicy(policiesOf({}), { ...TASK, taskType: 'deploy' }, facts);
    expect(codes.map(({ clause }) => clause)).toEqual([140, 150, 190]);
  });

  it('tells the result of every clause, so that the record shows which were asked', () => {
    const { clauses } = evaluatePolicy(policiesOf({}), TASK, NOW);
    expect(clauses).toEqual({
      task_types: 'pass',
      time_window: 'pass',
      'cost.estimate': 'pass',
      'approval.threshold': 'pass',
    });
  });

  it.each([
    ['tools that the task is silent on are the effective list', {}, null],
    [
      'tools that the task declares are exactly those',
      { tools: ['read_file', 'read_file', 'mcp:files/read'] },
      ['mcp:files/read', 'read_file'],
    ],
    ['no tools, declared', { tools: [] }, []],
  ])('grants: %s', (_, task, tools) => {
    expect(evaluatePolicy(policiesOf({}), { ...TASK, ...task }, NOW).grant).toMatchObject({
      tools,
      hopsLeft: 4,
      taskTypes: ['code_review', 'summarize'],
    });
  });
});

const EVALUATION_ERROR = { decision: 'DENY', codes: [{ code: 'POLICY_EVALUATION_ERROR' }], grant: undefined };

describe('a field without a clause', () => {
  it.each(Object.entries(UNSUPPORTED.policy))(
    '%s is named in a policy, and denies where it is stored',
    (field, value) => {
      expect(unsupportedPolicyFields(changed(NEUTRAL_POLICY, { [field]: value }))).toEqual([field]);
      expect(evaluatePolicy(policiesOf({ connection: { [field]: value } }), TASK, NOW)).toMatchObject(EVALUATION_ERROR);
      expect(evaluatePolicy(policiesOf({ client: { [field]: value } }), TASK, NOW)).toMatchObject(EVALUATION_ERROR);
    },
  );

  it.each(Object.entries(UNSUPPORTED.organization))(
    '%s is named in an organisation, and denies where it is stored',
    (field, value) => {
      expect(unsupportedPolicyFields(changed(DEFAULT_ORGANIZATION_POLICY, { [field]: value }))).toEqual([field]);
      expect(evaluatePolicy(policiesOf({ clientOrg: { [field]: value } }), TASK, NOW)).toMatchObject(EVALUATION_ERROR);
      expect(evaluatePolicy(policiesOf({ targetOrg: { [field]: value } }), TASK, NOW)).toMatchObject(EVALUATION_ERROR);
    },
  );

  it.each(Object.entries(UNSUPPORTED.task))('%s is named in a task', (field, value) => {
    expect(unsupportedTaskFields({ ...TASK, [field]: value })).toEqual([field]);
  });

  it('is no field of the neutral documents and of a plain task', () => {
    expect([unsupportedPolicyFields(NEUTRAL_POLICY), unsupportedPolicyFields(DEFAULT_ORGANIZATION_POLICY)]).toEqual([
      [],
      [],
    ]);
    expect(unsupportedTaskFields(TASK)).toEqual([]);
  });
});

const types = fc.option(
  fc.uniqueArray(fc.constantFrom('code_review', 'code_*', 'summarize', 'translate', 'deploy'), { maxLength: 3 }),
  { nil: null },
);
const micros = fc.option(fc.bigInt({ min: 0n, max: 60_000_000n }).map(String), { nil: null });
const windows = fc.option(
  fc.array(
    fc.record({
      days: fc.constantFrom(['FRI'], ['SAT'], ['THU', 'FRI']),
      start: fc.constantFrom('08:00', '22:00'),
      end: fc.constantFrom('12:00', '06:00', '24:00'),
      tz: fc.constantFrom('UTC', 'Asia/Tokyo', 'America/New_York', 'Mars/Olympus'),
    }),
    { maxLength: 2 },
  ),
  { nil: null },
);
// most documents ask for little, or every second task would be denied before anything else is compared
const rarely = <T>(arbitrary: fc.Arbitrary<T>, otherwise: T): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary });
const aChange = fc.record({
  taskTypes: rarely(types, null),
  windows: rarely(windows, null),
  approvalAboveMicros: micros,
  monthlyCapMicros: micros,
  requireParent: rarely(fc.boolean(), false),
});
const rank = { ALLOW: 0, REQUIRE_APPROVAL: 1, DENY: 2 } as const;

describe('one more document', () => {
  it('never turns a denial into an approval, nor a demand for a person into none', () => {
    const level = fc.constantFrom('client', 'clientOrg', 'targetOrg');
    const others = fc.record(
      {
        client: aChange,
        clientOrg: aChange,
        targetOrg: aChange,
        surface: fc.record({ taskTypes: rarely(types, null) }),
      },
      { requiredKeys: [] },
    );
    const facts = fc.record({
      now: fc.integer({ min: 0, max: 2_880 }).map((m) => Date.parse(FRIDAY) + m * 60_000),
      estimateMicros: fc.option(fc.bigInt({ min: 0n, max: 60_000_000n }), { nil: undefined }),
    });
    const task = fc.constantFrom('code_review', 'summarize', 'deploy').map((taskType) => ({ ...TASK, taskType }));
    fc.assert(
      fc.property(
        fc.tuple(aChange, others, facts, task),
        level,
        aChange,
        ([connection, documents, when, what], at, more) => {
          const without = { ...documents, connection, [at]: undefined };
          const before = evaluatePolicy(policiesOf(without), what, when);
          const after = evaluatePolicy(policiesOf({ ...without, [at]: more }), what, when);
          expect(rank[after.decision]).toBeGreaterThanOrEqual(rank[before.decision]);
        },
      ),
      { numRuns: 500, seed: 2026 },
    );
  });
});
