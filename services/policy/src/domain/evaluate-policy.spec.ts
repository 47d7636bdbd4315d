import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  DEFAULT_ORGANIZATION_POLICY,
  NEUTRAL_POLICY,
  NEUTRAL_SURFACE,
  type OrganizationPolicy,
  type Policy,
} from '@countersign/contracts';
import { anAgent, anId, aTaskEnvelope } from '@countersign/testing';
import fc from 'fast-check';
import { parse } from 'yaml';
import { ALL_CLAUSES } from './clauses/all-clauses.js';
import type { FullLimit } from './clauses/230-rate.js';
import { evaluatePolicy } from './evaluate-policy.js';
import type { PoliciesInForce, PolicyDecision, PolicyFacts } from './model.js';
import { tellClauses, tellEffective } from './tell.js';
import { unsupportedPolicyFields, unsupportedTaskFields } from './unsupported.js';

type Change = Readonly<Record<string, unknown>>;
interface Documents {
  readonly connection?: Change | 'none';
  readonly client?: Change;
  readonly clientOrg?: Change;
  readonly targetOrg?: Change;
  readonly surface?: Change;
  readonly share?: { readonly taskTypes: readonly string[] };
}
interface Case extends Documents {
  readonly name: string;
  readonly task?: Change;
  readonly mayOriginate?: boolean;
  readonly now?: string;
  readonly estimate?: string | null;
  readonly decision: 'ALLOW' | 'DENY' | 'REQUIRE_APPROVAL';
  readonly codes?: readonly string[];
  readonly sides?: readonly string[];
  readonly by?: readonly string[];
  readonly detail?: Change;
  readonly grant?: Change;
  readonly nextOpenAt?: string | null;
  readonly toldNextOpenAt?: string | null;
}

const read = (file: string): unknown =>
  parse(readFileSync(join(import.meta.dirname, '..', '..', 'cases', file), 'utf8'));
const CASES = read('decisions.yaml') as readonly Case[];
const UNSUPPORTED = read('unsupported-fields.yaml') as Readonly<Record<'policy' | 'organization' | 'task', Change>>;

const FRIDAY = '2026-11-20T10:00:00.000Z';
const [CLIENT, TARGET] = [anAgent(), anAgent()];
const SURFACE = { ...NEUTRAL_SURFACE, taskTypes: ['code_review', 'summarize', 'translate'], usesModels: true };
const CONNECTION: Policy = {
  ...NEUTRAL_POLICY,
  taskTypes: ['code_review', 'summarize'],
  windows: [{ days: ['MON', 'TUE', 'WED', 'THU', 'FRI'], start: '08:00', end: '18:00', tz: 'UTC' }],
  models: ['claude-3-5-sonnet'],
  tools: ['web_search', 'read_file'],
  maxCostMicros: '100000000',
  approvalAboveMicros: '50000000',
  monthlyCapMicros: '200000000',
};
const TASK = aTaskEnvelope({
  data: { target: TARGET.agent, taskType: 'code_review', models: ['claude-3-5-sonnet'], tools: ['read_file'] },
}).data;
const NOW: PolicyFacts = {
  now: Date.parse(FRIDAY),
  estimateMicros: 10_000_000n,
  client: CLIENT,
  target: TARGET,
  connection: anId(),
  mayOriginate: true,
};

/** A document with single fields changed; a field that is `missing` is taken away, as only a document from elsewhere could be. */
function changed<T extends object>(document: T, change: Change): T {
  const fields = Object.entries({ ...document, ...change }).filter(
    ([, value]) => value !== 'missing' && value !== 'absent',
  );
  const named = JSON.stringify(Object.fromEntries(fields), (_key, value: unknown) =>
    value === 'CLIENT' ? CLIENT.agent : value === 'TARGET' ? TARGET.agent : value,
  );
  return JSON.parse(named) as T;
}

function policiesOf(documents: Documents): PoliciesInForce {
  const { connection = {}, client, clientOrg, targetOrg, surface = {}, share } = documents;
  const org = (change: Change | undefined): OrganizationPolicy | undefined =>
    change === undefined ? undefined : changed(DEFAULT_ORGANIZATION_POLICY, change);
  return {
    clientOrg: org(clientOrg),
    targetOrg: org(targetOrg),
    client: client === undefined ? undefined : changed(NEUTRAL_POLICY, client),
    connection: connection === 'none' ? undefined : changed(CONNECTION, connection),
    targetSurface: changed(SURFACE, surface),
    shareTaskTypes: share?.taskTypes ?? null,
    foreignTarget: targetOrg !== undefined || share !== undefined,
  };
}

function decided(documents: Documents, task: Change = {}, facts: Partial<PolicyFacts> = {}): PolicyDecision {
  const evaluation = evaluatePolicy(policiesOf(documents), changed(TASK, task), { ...NOW, ...facts });
  if (evaluation.kind !== 'decided') throw new Error('waits for a rate');
  return evaluation.decision;
}

describe('a decision of policy', () => {
  it.each(CASES)('$name: $decision', (one) => {
    const { task = {}, now = FRIDAY, estimate = '10000000', decision, codes = [], mayOriginate = true } = one;
    const facts = {
      now: Date.parse(now),
      estimateMicros: estimate === null ? undefined : BigInt(estimate),
      mayOriginate,
    };
    const found = decided(one, task, facts);
    expect({ decision: found.decision, codes: found.codes.map(({ code }) => code) }).toEqual({ decision, codes });
    expect(found.codes.map(({ side }) => side)).toEqual(one.sides ?? codes.map(() => 'client'));
    expect(found.grant === undefined).toBe(decision === 'DENY');
    if (one.grant !== undefined) expect(found.grant).toMatchObject(one.grant);
    const first = found.clauses.find(({ number }) => number === found.codes[0]?.clause);
    if (one.by !== undefined) expect(first?.by).toEqual(one.by);
    if (one.detail !== undefined) expect(first?.detail).toMatchObject(one.detail);
    const window = found.clauses.find(({ number }) => number === 150);
    if (one.nextOpenAt !== undefined) expect(window?.detail).toEqual({ nextOpenAt: one.nextOpenAt });
    const told = found.nextOpenAt === undefined ? null : new Date(found.nextOpenAt).toISOString();
    expect(told).toBe(one.toldNextOpenAt ?? (one.toldNextOpenAt === undefined ? (one.nextOpenAt ?? told) : null));
  });

  it('has a case in which each clause decides', () => {
    const deciding = CASES.flatMap(({ task, now = FRIDAY, estimate = '10000000', mayOriginate = true, ...documents }) =>
      decided(documents, task, {
        now: Date.parse(now),
        estimateMicros: estimate === null ? undefined : BigInt(estimate),
        mayOriginate,
      }).codes.map(({ clause }) => clause),
    );
    expect(new Set(deciding)).toEqual(new Set(ALL_CLAUSES.map(({ number }) => number)));
  });

  it('names the clause of every reason, in their order', () => {
    const facts = { now: Date.parse('2026-11-21T10:00:00.000Z'), estimateMicros: undefined };
    const { codes } = decided({}, { taskType: 'deploy' }, facts);
    expect(codes.map(({ clause }) => clause)).toEqual([140, 150, 190]);
  });

  it('tells the result of every clause and who decided it, so that the record shows what was asked', () => {
    expect(tellClauses(decided({ surface: { neverTaskTypes: ['deploy'] } }, { tools: ['shell'] }))).toEqual([
      { n: 90, clause: 'deny.rule', result: 'NOT_APPLICABLE', by: [] },
      { n: 100, clause: 'delegation.parent', result: 'ALLOW', by: ['client'] },
      { n: 130, clause: 'target.never', result: 'ALLOW', by: ['surface'] },
      { n: 140, clause: 'task_types', result: 'ALLOW', by: ['connection', 'surface'] },
      { n: 150, clause: 'time_window', result: 'ALLOW', by: ['connection'] },
      { n: 160, clause: 'models', result: 'ALLOW', by: ['connection'] },
      {
        n: 170,
        clause: 'tools',
        result: 'DENY',
        by: ['connection'],
        codes: ['TOOL_NOT_ALLOWED'],
        detail: { refused: ['shell'] },
      },
      { n: 175, clause: 'data_stores', result: 'NOT_APPLICABLE', by: [] },
      { n: 180, clause: 'data_class', result: 'NOT_APPLICABLE', by: [] },
      { n: 190, clause: 'cost.estimate', result: 'ALLOW', by: ['connection'] },
      { n: 200, clause: 'cost.per_request', result: 'ALLOW', by: ['connection'] },
      { n: 210, clause: 'approval.threshold', result: 'ALLOW', by: ['connection'] },
      { n: 220, clause: 'approval.task_type', result: 'NOT_APPLICABLE', by: [] },
      { n: 230, clause: 'rate', result: 'NOT_APPLICABLE', by: [] },
    ]);
  });

  it('tells the effective policy, and of long lists how many entries they have', () => {
    const tools = Array.from({ length: 30 }, (_, i) => `tool-${String(i).padStart(2, '0')}`);
    const { effective } = decided({ connection: { tools }, client: { tools: ['tool-*'] } }, { tools: [] });
    expect(effective === undefined ? undefined : tellEffective(effective)).toEqual({
      taskTypes: ['code_review', 'summarize'],
      models: ['claude-3-5-sonnet'],
      tools: { first: tools.slice(0, 20), count: 30 },
      windows: ['connection: MON TUE WED THU FRI 08:00-18:00 UTC'],
      maxCostMicros: '100000000',
      approvalAboveMicros: '50000000',
      hopsLeft: 4,
    });
  });

  it('says what is wrong with which document when it cannot be evaluated', () => {
    expect(decided({ client: { maxHops: 99 } })).toMatchObject({
      fault: { level: 'client', field: 'maxHops' },
      clauses: [],
    });
  });
});

describe('a rule of the rate', () => {
  const limited = { connection: { rate: { perMinute: 2, perHour: null } } };

  it('is asked only about a task that everything else allows', () => {
    expect(evaluatePolicy(policiesOf(limited), TASK, NOW).kind).toBe('awaits-rate');
    expect(decided(limited, { taskType: 'deploy' }).codes).toMatchObject([{ code: 'TASK_TYPE_NOT_ALLOWED' }]);
  });

  it.each([
    ['admitted', { kind: 'admitted' }, 'ALLOW', []],
    ['not reached', { kind: 'unavailable' }, 'DENY', ['POLICY_EVALUATION_ERROR']],
    [
      'full',
      { kind: 'limited', full: [{ level: 'connection', rule: 'minute', limit: 2, retryAfterMs: 7 }] },
      'DENY',
      ['RATE_LIMITED'],
    ],
  ] as const)('that is %s decides', (_, outcome, decision, codes) => {
    const evaluation = evaluatePolicy(policiesOf(limited), TASK, NOW);
    const found = evaluation.kind === 'awaits-rate' ? evaluation.decide(outcome) : evaluation.decision;
    expect(found).toMatchObject({ decision, codes: codes.map((code) => ({ code, clause: 230, side: 'client' })) });
  });

  it('of the other side tells the client nothing of when to try again', () => {
    const both = { ...limited, targetOrg: { rate: { perMinute: null, perHour: 5 } } };
    const evaluation = evaluatePolicy(policiesOf(both), TASK, NOW);
    const decide = evaluation.kind === 'awaits-rate' ? evaluation.decide : () => evaluation.decision;
    const own: FullLimit = { level: 'connection', rule: 'minute', limit: 2, retryAfterMs: 7 };
    const other: FullLimit = { level: 'targetOrg', rule: 'hour', limit: 5, retryAfterMs: 900 };
    expect(decide({ kind: 'limited', full: [other] })).toMatchObject({ codes: [{ side: 'target' }] });
    expect(decide({ kind: 'limited', full: [other] }).retryAfterMs).toBeUndefined();
    expect(decide({ kind: 'limited', full: [own, other] }).retryAfterMs).toBe(7);
    expect(
      decide({ kind: 'limited', full: [own, { ...own, rule: 'hour', retryAfterMs: undefined }] }).retryAfterMs,
    ).toBe(undefined);
  });
});

const EVALUATION_ERROR = { decision: 'DENY', codes: [{ code: 'POLICY_EVALUATION_ERROR' }], grant: undefined };

describe('a field without a clause', () => {
  it.each(Object.entries(UNSUPPORTED.policy))(
    '%s is named in a policy, and denies where it is stored',
    (field, value) => {
      expect(unsupportedPolicyFields(changed(NEUTRAL_POLICY, { [field]: value }))).toEqual([field]);
      expect(decided({ connection: { [field]: value } })).toMatchObject(EVALUATION_ERROR);
      expect(decided({ client: { [field]: value } })).toMatchObject(EVALUATION_ERROR);
    },
  );

  it.each(Object.entries(UNSUPPORTED.organization))(
    '%s is named in an organisation, and denies where it is stored',
    (field, value) => {
      expect(unsupportedPolicyFields(changed(DEFAULT_ORGANIZATION_POLICY, { [field]: value }))).toEqual([field]);
      expect(decided({ clientOrg: { [field]: value } })).toMatchObject(EVALUATION_ERROR);
      expect(decided({ targetOrg: { [field]: value } })).toMatchObject(EVALUATION_ERROR);
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
    const task = fc.constantFrom('code_review', 'summarize', 'deploy').map((taskType) => ({ taskType }));
    fc.assert(
      fc.property(
        fc.tuple(aChange, others, facts, task),
        level,
        aChange,
        ([connection, documents, when, what], at, more) => {
          const { [at]: _, ...others } = documents;
          const without = { ...others, connection };
          const before = decided(without, what, when);
          const after = decided({ ...without, [at]: more }, what, when);
          expect(rank[after.decision]).toBeGreaterThanOrEqual(rank[before.decision]);
        },
      ),
      { numRuns: 500, seed: 2026 },
    );
  });
});
