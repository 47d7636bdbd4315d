import { describe, expect, it } from '@jest/globals';
import {
  kindOfTransition,
  recordedItemSchema,
  screenedItemSchema,
  screenItemSchema,
  transitionItemSchema,
  type TransitionItem,
} from './frame-items.js';
import { CONTROLS } from './identities.js';
import { verdictFrameItemSchema } from './verdict-items.js';

const id = '0199f0e4-5c00-7a1b-8c2d-00000000feed';
const at = '2026-03-02T10:00:00.000Z';
const digest = `sha256:${'0'.repeat(64)}`;
const head = { nonce: 'AAAAAAAAAAA', task: { org: id, agent: id, id }, attempt: 1, round: 1 };
const verdict = {
  type: 'verdict',
  ...head,
  seq: 1,
  digest,
  decision: 'APPROVE',
  codes: [],
  details: {},
  versions: {},
  decidedAt: at,
  validUntil: at,
};
const transition = { ...head, digest, at };
const transitions: readonly TransitionItem[] = [
  { type: 'decided', ...transition, decision: 'deny', codes: [], verdicts: {}, facts: {} },
  { type: 'claimed', ...transition, grant: id, to: { org: id, agent: id } },
  { type: 'resulted', ...transition, seq: 1, usage: [] },
  { type: 'finished', ...transition, state: 'COMPLETED', codes: [], claimed: true, facts: {} },
  { type: 'moved', ...transition, to: 'RELEASING', cause: 'approved' },
];
const screen = {
  type: 'screen',
  ...head,
  seq: 1,
  digest,
  connection: id,
  target: { org: id, agent: id },
  grant: { jti: id, models: null, tools: [] },
  at,
};
const screened = { type: 'screened', ...head, digest, outcome: 'ALLOW', codes: [], details: {}, versions: {}, at };
const recorded = { type: 'recorded', ...head, kind: 'decided', position: 0, leaf: digest, at };

const items: readonly (readonly [
  string,
  { safeParse(value: unknown): { success: boolean; data?: unknown } },
  object,
])[] = [
  ['verdict', verdictFrameItemSchema, verdict],
  ['withdraw', verdictFrameItemSchema, { type: 'withdraw', ...head, codes: [], at }],
  ...transitions.map((item) => [item.type, transitionItemSchema, item] as const),
  ['screen', screenItemSchema, screen],
  ['screened', screenedItemSchema, screened],
  ['recorded', recordedItemSchema, recorded],
];

describe.each(items)('an item %s', (_name, schema, item) => {
  it('has the type as its first word and is read back as it was written', () => {
    expect(Object.keys(item)[0]).toBe('type');
    expect(schema.safeParse(JSON.parse(JSON.stringify(item))).data).toEqual(item);
  });

  it('may carry the span of its sender', () => {
    expect(schema.safeParse({ ...item, span: '0123456789abcdef' }).success).toBe(true);
    expect(schema.safeParse({ ...item, span: '0123456789ABCDEF' }).success).toBe(false);
  });

  it.each(Object.keys(item))('does not parse without %s', (field) => {
    const rest = Object.fromEntries(Object.entries(item).filter(([name]) => name !== field));
    expect(schema.safeParse(rest).success).toBe(false);
  });

  it.each([
    ['attempt', 0],
    ['attempt', '1'],
    ['round', 1.5],
    ['task', { org: 'acme', agent: id, id }],
    ['task', { org: id, agent: id, task: id }],
    ['nonce', 'short'],
    ['type', 'other'],
  ])('does not parse with a bad %s (%#)', (field, value) => {
    expect(schema.safeParse({ ...item, [field]: value }).success).toBe(false);
  });
});

describe('a verdict', () => {
  it.each(['APPROVED', 'approve', true, '', null, 'ALLOW'])('with %p for its decision is none', (decision) => {
    expect(verdictFrameItemSchema.safeParse({ ...verdict, decision }).success).toBe(false);
  });

  it.each([
    ['codes', [{ code: 'MADE_UP' }]],
    ['codes', new Array(65).fill({ code: 'RATE_LIMITED' })],
    ['digest', 'sha256:00'],
    ['estimateMicros', 12],
    ['estimateMicros', '-1'],
    ['epochs', { client: 1 }],
    ['score', { client: { score: 10_001, level: 'TRUSTED' }, target: { score: 0, level: 'UNTRUSTED' } }],
    ['grant', { models: null }],
    ['details', { deep: JSON.parse('['.repeat(65) + ']'.repeat(65)) as unknown }],
  ])('with a bad %s is none (%#)', (field, value) => {
    expect(verdictFrameItemSchema.safeParse({ ...verdict, [field]: value }).success).toBe(false);
  });
});

describe('a decision', () => {
  const [decided] = transitions;
  const ref = { frame: digest, index: 0, leaf: digest };

  it('points to the verdict of each of the six controls, and of nobody else', () => {
    const verdicts = Object.fromEntries(CONTROLS.map((control) => [control, ref]));
    expect(transitionItemSchema.parse({ ...decided, verdicts })).toMatchObject({ verdicts });
    const stranger = transitionItemSchema.parse({ ...decided, verdicts: { ...verdicts, dispatcher: ref } });
    expect(stranger).toMatchObject({ verdicts });
    expect(JSON.stringify(stranger)).not.toContain('"dispatcher"');
  });

  it.each(['approve', 'RELEASE', true])('is not %p', (decision) => {
    expect(transitionItemSchema.safeParse({ ...decided, decision }).success).toBe(false);
  });
});

describe('the kind of a recorded transition', () => {
  it('is its type, of a move with the state moved to: one round may move more than once', () => {
    expect(transitions.map(kindOfTransition)).toEqual([
      'decided',
      'claimed',
      'resulted',
      'finished',
      'moved:RELEASING',
    ]);
  });
});

describe('the end of a task', () => {
  it.each(['EVALUATING', 'RELEASING', 'DISPATCHED', 'NOT_FOUND'])('is never %p', (state) => {
    expect(transitionItemSchema.safeParse({ ...transitions[3], state }).success).toBe(false);
  });
});
