import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z, type ZodType } from 'zod';
import { resultEnvelopeSchema, taskEnvelopeSchema } from './envelope.js';
import { fits, parseAs } from './fits.js';
import { recordedItemSchema, screenedItemSchema, screenItemSchema, transitionItemSchema } from './frame-items.js';
import { verdictFrameItemSchema } from './verdict-items.js';

const id = '0199f0e4-5c00-7a1b-8c2d-00000000feed';
const at = '2026-03-02T10:00:00.000Z';
const digest = `sha256:${'0'.repeat(64)}`;
const head = { nonce: 'AAAAAAAAAAA', task: { org: id, agent: id, id }, attempt: 1, round: 1 };
const guardrails = [
  { id: 'secrets', version: 1, outcome: 'NOT_TRIGGERED', action: 'BLOCK', ms: 0 },
  {
    id: 'pii',
    version: 2,
    outcome: 'TRIGGERED',
    action: 'REDACT',
    by: 'RULE',
    category: 'PERSONAL_DATA',
    spans: [{ part: 0, start: 1, end: 5, kind: 'email', hash: 'ab' }],
  },
];
const facts = {
  taskType: 'echo',
  target: { org: id, agent: id },
  client: { score: 4253, level: 'LIMITED' },
  estimateMicros: '12',
  versions: { registry: { client: 2 }, trust: { algorithm: 'trust/1' } },
  guardrails,
  grant: {
    models: null,
    tools: ['search'],
    dataStores: [],
    dataClasses: ['PUBLIC'],
    taskTypes: null,
    maxCostMicros: '5',
    notAfter: at,
    hopsLeft: 4,
  },
  deadline: at,
  sandbox: false,
};
const transition = { ...head, digest, at };
const code = { code: 'CONTROL_ERROR', clause: 3, side: 'client', id: 'x' };
const json = { specversion: '1.0', id, source: 'agent:o/a', time: at, datacontenttype: 'application/json' };

const samples: readonly (readonly [name: string, schema: ZodType, value: object])[] = [
  [
    'a verdict',
    verdictFrameItemSchema,
    {
      type: 'verdict',
      ...head,
      seq: 1,
      digest,
      decision: 'DENY',
      codes: [code],
      details: { a: [1, { b: null }] },
      versions: { set: 1, name: 'x' },
      decidedAt: at,
      validUntil: at,
      guardrails,
    },
  ],
  [
    'a decision',
    transitionItemSchema,
    {
      type: 'decided',
      ...transition,
      decision: 'hold',
      codes: [code],
      primary: 'CONTROL_ERROR',
      verdicts: { trust: { frame: digest, index: 0, leaf: digest } },
      packedLines: 'ab_-c0',
      facts,
    },
  ],
  ['a claim', transitionItemSchema, { type: 'claimed', ...transition, grant: id, to: { org: id, agent: id } }],
  [
    'a report of a result',
    transitionItemSchema,
    { type: 'resulted', ...transition, seq: 1, usage: [{ model: 'm', inputTokens: 1, outputTokens: 0 }] },
  ],
  [
    'an end',
    transitionItemSchema,
    {
      type: 'finished',
      ...transition,
      state: 'COMPLETED',
      codes: [],
      claimed: true,
      chargedMicros: '0',
      output: { outcome: 'ALLOW', codes: [], guardrails, versions: { set: 1 } },
      facts,
    },
  ],
  ['a request to screen', screenItemSchema, screenItem()],
  [
    'a screening',
    screenedItemSchema,
    { type: 'screened', ...head, digest, outcome: 'ALLOW', codes: [], details: {}, versions: {}, guardrails, at },
  ],
  ['a receipt', recordedItemSchema, { type: 'recorded', ...head, kind: 'decided', position: 0, leaf: digest, at }],
  [
    'a submission',
    taskEnvelopeSchema,
    {
      ...json,
      type: 'dev.countersign.task.v1',
      data: {
        target: id,
        taskType: 'echo',
        parts: [{ text: 'a', channel: 'data' }],
        maxCostMicros: '1',
        idempotent: true,
      },
    },
  ],
  [
    'a result',
    resultEnvelopeSchema,
    {
      ...json,
      type: 'dev.countersign.result.v1',
      data: { status: 'completed', attempt: 1, grant: id, parts: [{ text: 'done' }], usage: [], tools: ['t'] },
    },
  ],
];

function screenItem(): object {
  return {
    type: 'screen',
    ...head,
    seq: 1,
    digest,
    connection: id,
    target: { org: id, agent: id },
    grant: { jti: id, models: null, tools: [] },
    input: { seq: 1, digest },
    at,
  };
}

/** Values near what may stand in a field, and far from it. */
const strange = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e21, '', 'x', id, at, digest, '2026-02-30T10:00:00.000Z', [], {}, [
    [],
  ]),
  fc.constantFrom<unknown>({ text: 'a', data: 1 }, { data: { a: 1 } }, 'DENY', 'é', 'AAAAA', 'a'.repeat(500), [1, 'x']),
  fc.jsonValue(),
);

/** The same value with one place in it changed: another value, a field more or a field less. */
function changed(value: unknown, pick: () => number, other: unknown): unknown {
  if (typeof value !== 'object' || value === null || pick() % 7 === 0) return other;
  const names = Object.keys(value);
  const name = names[pick() % (names.length + 1)];
  if (Array.isArray(value))
    return name === undefined
      ? [...(value as unknown[]), other]
      : value.map((inner: unknown, i) => (String(i) === name ? changed(inner, pick, other) : inner));
  if (name === undefined) return { ...value, ['more']: other };
  const { [name]: inner, ...rest } = value as Record<string, unknown>;
  return pick() % 5 === 0 ? rest : { ...rest, [name]: changed(inner, pick, other) };
}

describe.each(samples)('%s', (_name, schema, value) => {
  it('fits as it is, and is not copied', () => {
    expect(fits(schema, value)).toBe(true);
    expect(parseAs(schema, value).data).toBe(value);
  });

  it('is read as its schema reads it, whatever is changed in it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 12, maxLength: 12 }), strange, (picks, other) => {
        let next = 0;
        const other2 = changed(value, () => picks[next++ % picks.length] ?? 0, other);
        const content: unknown = JSON.parse(JSON.stringify(other2) ?? 'null');
        const asked = schema.safeParse(content);
        if (fits(schema, content)) expect(asked.data).toEqual(content);
        expect(parseAs(schema, content)).toEqual(asked);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what would not be left as it is', () => {
  const hidden: unknown = JSON.parse('{"a":1,"__proto__":{"b":2}}');
  it.each<readonly [string, ZodType, unknown]>([
    ['a field that would be dropped', z.object({ a: z.number() }), { a: 1, b: 2 }],
    ['a field that a strict object refuses', z.strictObject({ a: z.number() }), { a: 1, b: 2 }],
    ['a hidden key', z.object({ a: z.number() }), hidden],
    ['a hidden key of a record', z.record(z.string(), z.unknown()), hidden],
    ['a record that lacks one of its names', z.record(z.enum(['a', 'b']), z.number()), { a: 1 }],
    ['an object of a class', z.object({}), new (class {})()],
    ['a list for an object', z.object({}), []],
    [
      'an alternative that would drop a field',
      z.union([z.object({ a: z.number() }), z.object({ a: z.number(), b: z.number() })]),
      { a: 1, b: 2 },
    ],
    ['a text that is trimmed', z.string().trim(), 'a'],
    ['what is caught', z.object({ a: z.number().catch(1) }), { a: 'x' }],
    ['a default', z.object({ a: z.number().default(1) }), {}],
    ['what is transformed', z.string().transform((text) => text.length), 'abc'],
    ['what is coerced', z.coerce.number(), '1'],
    ['a format that is not known here', z.email(), 'a@b.example'],
    ['a check that is not known here', z.string().check(() => undefined), 'a'],
    ['a check that promises', z.string().refine(async () => true), 'a'],
    ['other fields that are kept', z.looseObject({ a: z.number() }), { a: 1 }],
    ['a fraction for a whole number', z.int(), 1.5],
    ['no number', z.number(), Number.NaN],
    ['base64url with one character too many', z.base64url(), 'AAAAA'],
  ])('never fits: %s', (_what, schema, content) => {
    expect(fits(schema, content)).toBe(false);
  });
});
