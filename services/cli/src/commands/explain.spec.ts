import { describe, expect, it } from '@jest/globals';
import { REASON_CODE_LIST, type TaskKey } from '@countersign/contracts';
import { anId, aTaskKey } from '@countersign/testing';
import { changesFor } from './explain-changes.js';
import { explanationLines } from './explain-lines.js';
import { explanationOf, type Explanation, type Parts } from './explain-view.js';

const TASK: TaskKey = aTaskKey();
const LEAF = `sha256:${'ab'.repeat(32)}`;
const CONTROLS = ['registry', 'policy', 'guardrails', 'trust', 'budget', 'audit'];
const CLAUSES: readonly (readonly [number, string])[] = [
  [90, 'deny.rule'],
  [100, 'origination'],
  [130, 'target.never'],
  [140, 'task_types'],
  [150, 'time_window'],
  [160, 'models'],
  [170, 'tools'],
  [175, 'data_stores'],
  [180, 'data_class'],
  [190, 'cost.estimate'],
  [200, 'cost.per_request'],
  [210, 'approval.threshold'],
  [220, 'approval.task_type'],
  [230, 'rate'],
];

interface Case {
  readonly code: string;
  readonly clause?: number;
  readonly detail?: object;
  readonly by?: readonly string[];
  readonly effective?: object;
  readonly trust?: object;
  readonly budget?: object;
  readonly guardrails?: readonly object[];
  readonly facts?: object;
  readonly state?: string;
  readonly trustNow?: object;
}

/** What the services and the record say of a task that was stopped by one code. */
function partsOf(c: Case): Parts {
  const clauses = CLAUSES.map(([n, clause]) => ({
    ...{ n, clause, by: n === c.clause ? (c.by ?? ['connection']) : [], result: n === c.clause ? 'DENY' : 'ALLOW' },
    ...(n === c.clause ? { codes: [c.code], detail: c.detail ?? {} } : {}),
  }));
  const details: Readonly<Record<string, object>> = {
    policy: { clauses, effective: c.effective ?? { taskTypes: ['chat'], hopsLeft: 4 } },
    trust: c.trust ?? {},
    budget: c.budget ?? {},
  };
  const verdicts = Object.fromEntries(
    CONTROLS.map((control) => [
      control,
      { decision: 'APPROVE', codes: [], versions: { version: 3 }, details: details[control] ?? {} },
    ]),
  );
  const compact = Object.fromEntries(
    CONTROLS.map((control) => [control, { leaf: LEAF, decision: 'APPROVE', codes: [] }]),
  );
  const facts = { taskType: 'code_review', estimateMicros: '15000000', priceBookVersion: 2, ...c.facts };
  const codes = [{ code: c.code, clause: c.clause ?? 10, side: 'client' }];
  const header = (type: string, more: object = {}): object => ({ type, at: '2026-11-25T08:00:00.000Z', ...more });
  return {
    dispatcher: { state: c.state ?? 'DENIED', code: c.code, codes, attempt: 1, round: 1, claim: 'NONE', facts },
    audit: {
      payload: 'open',
      verdicts,
      entries: [
        { position: 4, leaf: LEAF, header: header('submitted') },
        {
          position: 5,
          leaf: LEAF,
          header: header('decided', { decision: 'deny', verdicts: compact, guardrails: c.guardrails ?? [] }),
        },
        { position: 6, leaf: LEAF, header: header('finished', { state: 'DENIED' }) },
      ],
    },
    trust: { now: c.trustNow ?? {} },
    budget: { attempts: [] },
  };
}
const viewOf = (c: Case): Explanation => explanationOf(TASK, partsOf(c));
const toPass = (c: Case): readonly string[] => changesFor(viewOf(c), 'USD');

describe('what would have to change', () => {
  it.each<readonly [what: string, c: Case, sentences: readonly (string | RegExp)[]]>([
    [
      'a task type',
      {
        ...{ code: 'TASK_TYPE_NOT_ALLOWED', clause: 140, detail: { refused: ['deploy'] } },
        effective: { taskTypes: ['code_review', 'summarize'] },
      },
      ['declare a type of [code_review, summarize] instead of deploy (connection)'],
    ],
    [
      'models of a long list',
      {
        ...{ code: 'MODEL_NOT_ALLOWED', clause: 160, detail: { refused: ['big'] }, by: ['org', 'connection'] },
        effective: { models: { first: ['small', 'mid'], count: 40 } },
      },
      ['declare models of [small, mid] instead of big (org, connection)'],
    ],
    [
      'an empty list',
      { code: 'TOOL_NOT_ALLOWED', clause: 170, effective: { tools: [] } },
      ['declare tools that every level allows'],
    ],
    [
      'a window',
      { code: 'OUTSIDE_TIME_WINDOW', clause: 150, detail: { nextOpenAt: '2026-11-30T08:00:00.000Z' } },
      ['wait until 2026-11-30T08:00:00.000Z (connection)'],
    ],
    [
      'a window that never opens',
      { code: 'OUTSIDE_TIME_WINDOW', clause: 150, detail: { nextOpenAt: null } },
      ['wait until the windows are open'],
    ],
    [
      'a rate',
      {
        code: 'RATE_LIMITED',
        clause: 230,
        detail: { rule: 'minute', level: 'connection', limit: 60, retryAfterMs: 12_300 },
      },
      ['wait 13 s: connection allows 60 a minute'],
    ],
    [
      'the cost of one request',
      {
        code: 'COST_PER_REQUEST_EXCEEDED',
        clause: 200,
        detail: { estimateMicros: '15000000', maxCostMicros: '3000000' },
      },
      [
        /^lower the estimate of 15\S* USD to at most 3\S* USD, or raise the limit of one request by at least 12\S* USD \(connection\)$/,
      ],
    ],
    [
      'trust',
      {
        code: 'TRUST_BELOW_ORG_FLOOR',
        trust: {
          gates: [
            {
              gate: 'connection',
              required: { level: 'LIMITED' },
              actual: { score: 3_300, level: 'LIMITED' },
              pass: true,
            },
            {
              gate: 'organisation floor',
              required: { level: 'VERIFIED' },
              actual: { score: 3_300, level: 'LIMITED' },
              pass: false,
            },
            {
              gate: 'agent policy',
              required: { scoreHundredths: 4_000 },
              actual: { score: 3_300, level: 'LIMITED' },
              pass: false,
            },
          ],
        },
        trustNow: { whatWouldHelp: ['complete 12 more tasks without a violation'] },
      },
      [
        'VERIFIED needed, has LIMITED 33.00 (organisation floor)',
        '40.00 needed, has LIMITED 33.00 (agent policy)',
        'complete 12 more tasks without a violation',
      ],
    ],
    [
      'a monthly cap',
      {
        code: 'BUDGET_CONNECTION_EXHAUSTED',
        budget: {
          scopes: [{ scope: 'CONNECTION', period: '2026-12', remainingMicros: '3000000', limitMicros: '5000000' }],
        },
      },
      [/^raise the connection's cap of 2026-12 by at least 12\S* USD, or wait for 2027-01-01$/],
    ],
    [
      'a daily cap',
      {
        code: 'BUDGET_ORG_EXHAUSTED',
        budget: { scopes: [{ scope: 'ORG', period: '2026-02-28', remainingMicros: '0' }] },
      },
      [/or wait for 2026-03-01$/],
    ],
    [
      'a cap nobody tells of',
      { code: 'BUDGET_AGENT_EXHAUSTED' },
      ["raise the agent's cap, or wait for the next period"],
    ],
    [
      'an approval',
      { code: 'APPROVAL_COST_ABOVE_THRESHOLD', state: 'AWAITING_APPROVAL' },
      [`approve it: cs approve ${TASK.task.slice(-12)}`],
    ],
    [
      'a silent control',
      { code: 'VERDICT_TIMEOUT', facts: { missing: { service: 'trust', cause: 'missing' } } },
      ['bring trust back (its verdict: missing) and submit it again'],
    ],
    [
      'content',
      {
        code: 'GUARDRAIL_BLOCKED',
        guardrails: [
          {
            id: 'pii',
            version: 1,
            outcome: 'TRIGGERED',
            action: 'BLOCK',
            spans: [
              { part: 0, kind: 'EMAIL' },
              { part: 0, kind: 'EMAIL' },
            ],
          },
          { id: 'trial', version: 1, outcome: 'TRIGGERED', action: 'BLOCK', shadow: true },
        ],
      },
      ['take out of the input what guardrail pii found: EMAIL in part 0'],
    ],
  ])('names it: %s', (_what, c, sentences) => {
    const found = toPass(c);
    expect(found).toHaveLength(sentences.length);
    sentences.forEach((sentence, i) =>
      expect(found[i]).toEqual(
        expect.stringMatching(
          sentence instanceof RegExp ? sentence : new RegExp(`^${sentence.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`),
        ),
      ),
    );
  });

  it.each(REASON_CODE_LIST.map((code) => [code]))(
    '%s is told in one short sentence where no details are known, or needs nothing',
    (code) => {
      const sentences = changesFor(explanationOf(TASK, { dispatcher: { code, codes: [{ code }] } }), 'USD');
      expect(sentences.length).toBeLessThanOrEqual(1);
      for (const sentence of sentences) expect(sentence).toMatch(/^[a-z].{5,110}[^.]$/);
    },
  );

  it('is nothing for a task that passed', () => {
    expect(
      changesFor(explanationOf(TASK, { dispatcher: { state: 'COMPLETED', codes: [], code: null } }), 'USD'),
    ).toEqual([]);
  });
});

describe('an explanation', () => {
  const full = viewOf({
    ...{ code: 'TASK_TYPE_NOT_ALLOWED', clause: 140, detail: { refused: ['deploy'] } },
    effective: Object.fromEntries(
      ['taskTypes', 'models', 'tools', 'dataStores'].map((f) => [
        f,
        Array.from({ length: 20 }, (_, i) => `${f}-entry-${i}`),
      ]),
    ),
    trust: {
      client: { score: 3_300, level: 'LIMITED', raw: 6_000, binding: ['newcomer'] },
      target: { score: 6_000, level: 'VERIFIED', raw: 6_000, binding: [] },
      gates: Array.from({ length: 12 }, (_, i) => ({
        gate: `gate ${i}`,
        required: { level: 'LIMITED' },
        actual: { score: 3_300, level: 'LIMITED' },
        pass: true,
      })),
    },
    budget: {
      scopes: ['ORG', 'AGENT', 'CONNECTION'].map((scope) => ({
        scope,
        period: '2026-11',
        limitMicros: null,
        committedMicros: '1',
        remainingMicros: null,
      })),
    },
    guardrails: Array.from({ length: 12 }, (_, i) => ({
      id: `g${i}`,
      version: 1,
      outcome: i < 8 ? 'TRIGGERED' : 'NOT_TRIGGERED',
      action: 'WARN',
      category: 'PII',
      spans: [{ part: 0, kind: 'EMAIL' }],
    })),
  });

  it('fits on one screen, however much there is to tell', () => {
    const lines = explanationLines(full, changesFor(full, 'USD'), 'USD');
    expect(lines.length).toBeLessThanOrEqual(60);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(120);
  });

  it('shows why, six verdicts, every clause, trust, guardrails, money and the record', () => {
    const text = explanationLines(full, changesFor(full, 'USD'), 'USD').join('\n');
    for (const control of CONTROLS) expect(text).toMatch(new RegExp(`^${control} +APPROVE`, 'm'));
    for (const [n, clause] of CLAUSES) expect(text).toContain(`${n} ${clause} ${n === 140 ? 'DENY' : 'ALLOW'}`);
    expect(text).toContain('  140 by connection: refused [deploy]');
    expect(text).toContain('TO PASS');
    expect(text).toContain('client LIMITED 33.00 (raw 60.00, held down by newcomer)');
    expect(text).toContain('4 guardrails ran and found nothing');
    expect(text).toContain('4 submitted abababab · 5 decided deny abababab · 6 finished DENIED abababab');
  });

  it('cuts versions that are too long, and neither a leaf nor the line under the header', () => {
    const versions = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`pack number-${i}`, 1]));
    const verdict = { decision: 'APPROVE', codes: [], versions, details: {} };
    const header = { type: 'decided', verdicts: { guardrails: { leaf: LEAF, decision: 'APPROVE', codes: [] } } };
    const audit = {
      entries: [{ position: 0, leaf: LEAF, header }],
      payload: 'open',
      verdicts: { guardrails: verdict },
    };
    const lines = explanationLines(explanationOf(TASK, { audit }), [], 'USD');
    const row = lines.find((line) => line.startsWith('guardrails'));
    expect(row).toMatch(/abababababababab .*…$/);
    expect(row).toHaveLength(120);
    expect(lines.filter((line) => line.startsWith('---') && line.includes('…'))).toEqual([]);
  });

  it('shows a clause that asks nothing of the task as a dash', () => {
    const details = { clauses: [{ n: 160, clause: 'models', by: [], result: 'NOT_APPLICABLE' }], effective: {} };
    const verdict = { decision: 'APPROVE', codes: [], versions: {}, details };
    const header = { type: 'decided', verdicts: { policy: { leaf: LEAF, decision: 'APPROVE', codes: [] } } };
    const audit = { entries: [{ position: 0, leaf: LEAF, header }], payload: 'open', verdicts: { policy: verdict } };
    expect(explanationLines(explanationOf(TASK, { audit }), [], 'USD')).toContain('  160 models -');
  });

  it('is told by the record alone where the services know nothing any more, and of old entries too', () => {
    const entries = [
      { position: 0, leaf: LEAF, header: { type: 'submitted', v: 1 } },
      {
        position: 1,
        leaf: LEAF,
        header: {
          type: 'decided',
          decision: 'deny',
          codes: [{ code: 'EXPLICIT_DENY', clause: 90 }],
          primary: 'EXPLICIT_DENY',
          verdicts: { policy: LEAF },
        },
      },
      { position: 2, leaf: LEAF, header: { type: 'finished', state: 'DENIED', code: 'EXPLICIT_DENY' } },
    ];
    const view = explanationOf(TASK, { audit: { entries, payload: 'pruned', verdicts: {} } });
    expect(view).toMatchObject({
      state: 'DENIED',
      code: 'EXPLICIT_DENY',
      why: [{ code: 'EXPLICIT_DENY', clause: '90' }],
    });
    expect(view.verdicts.map(({ decision }) => decision)).toEqual([
      'not waited for',
      'counted',
      ...Array<string>(4).fill('not waited for'),
    ]);
    const text = explanationLines(view, [], 'USD').join('\n');
    expect(text).toContain('the verdicts themselves are pruned');
  });

  it('names who approved, when and in which round', () => {
    const approval = {
      type: 'approval:1',
      stage: 'PRE_RELEASE',
      decision: 'APPROVE',
      attempt: 1,
      round: 1,
      at: '2026-11-25T08:00:00.000Z',
      actor: { kind: 'person', id: anId() },
    };
    const view = explanationOf(TASK, { audit: { entries: [{ position: 0, leaf: LEAF, header: approval }] } });
    expect(view.approvals).toEqual([
      {
        at: '2026-11-25T08:00:00.000Z',
        by: approval.actor.id,
        decision: 'APPROVE',
        stage: 'PRE_RELEASE',
        round: '1.1',
      },
    ]);
  });
});
