import { describe, expect, it } from '@jest/globals';
import { formatInstant } from '@countersign/primitives';
import { isTerminal, TIMERS, type ReasonCode, type TransitionItem } from '@countersign/contracts';
import { aTaskMessage, aVerdict, anAgent, anId, ANY_GRANT, FixedClock } from '@countersign/testing';
import { adopt } from './adopt.js';
import { ORDINARY_TERMS } from './approval-terms.js';
import { grantClaims } from './grant-claims.js';
import { itemsOfChange } from './items.js';
import type { TaskRecord } from './model.js';
import { applyEvent, type RowChange } from './row-events.js';
import type { ScreenedEvent } from './screening.js';

const now = 1_000_000;
const DIGEST = `sha256:${'a'.repeat(64)}`;
const CHANGED = `sha256:${'b'.repeat(64)}`;

const screening = (changes: Partial<TaskRecord> = {}): TaskRecord => ({
  key: { org: anId(), agent: anId(), task: anId() },
  attempt: 1,
  round: 2,
  state: 'SCREENING',
  seq: 7,
  acceptedAt: 0,
  digest: DIGEST,
  task: {
    taskType: 'x',
    target: 'b',
    deadline: now + 60_000,
    instance: undefined,
    models: null,
    tools: null,
    usesModels: false,
    idempotent: true,
  },
  facts: { estimateMicros: '500' },
  codes: [],
  covered: [{ service: 'policy', code: 'APPROVAL_TASK_TYPE', org: anId() }],
  claim: 'CLAIMED',
  grantId: anId(),
  claimedAt: now - 5_000,
  connection: { id: anId(), ...anAgent() },
  grant: ANY_GRANT,
  deliverDigest: DIGEST,
  transformed: true,
  result: { seq: 3, digest: 'sha256:r', usage: [], tools: [] },
  timerAt: now + TIMERS.screen,
  ...changes,
});
const event = (changes: Partial<ScreenedEvent>): ScreenedEvent => ({
  type: 'screened',
  digest: 'sha256:r',
  outcome: 'ALLOW',
  codes: [],
  chargedMicros: '120',
  ...changes,
});
const output = (outcome: ScreenedEvent['outcome']): NonNullable<ScreenedEvent['output']> => ({
  outcome,
  codes: [],
  guardrails: [],
  versions: {},
  transformedDigest: CHANGED,
});
const FORMAT: Partial<ScreenedEvent> = {
  outcome: 'RETRY',
  codes: [{ code: 'GUARDRAIL_BLOCKED', id: 'shape' }],
  retry: { strategy: 'format_hint', max: 1 },
  inputAtHand: true,
};
const after = (row: TaskRecord, changes: Partial<ScreenedEvent>): RowChange => {
  const change = applyEvent(row, event(changes), now);
  if (change === undefined) throw new Error('nothing changed');
  return change;
};
const itemsOf = (change: RowChange): readonly TransitionItem[] =>
  itemsOfChange(change, { nonce: () => 'AAAAAAAAAAA', now });

describe('what was reported while a task ran', () => {
  const grant = { ...ANY_GRANT, models: ['m*'], tools: ['search'] };
  const use = { inputTokens: 1, outputTokens: 1 };
  const told = (model: string, tools: readonly string[]): TaskRecord =>
    screening({ grant, result: { seq: 3, digest: 'sha256:r', usage: [{ model, ...use }], tools } });

  it.each<readonly [what: string, row: TaskRecord]>([
    ['model', told('gpt', ['search'])],
    ['tool', told('m1', ['search', 'shell'])],
  ])('blocks the result when it names a %s that was not granted, whatever screening found', (_what, row) => {
    for (const outcome of ['ALLOW', 'WARN', 'ESCALATE', 'BLOCK', 'RETRY'] as const) {
      const { record } = after(row, { outcome });
      expect([record.state, record.primary]).toEqual(['QUARANTINED', 'GRANT_EXCEEDED']);
    }
  });

  it('passes when it is within the grant', () => {
    expect(after(told('m1', ['search']), {}).record.state).toBe('COMPLETED');
  });
});

describe('a result that screening changed', () => {
  it('is delivered changed, and its end names the changed bytes and what screening found', () => {
    const change = after(screening(), { output: output('ALLOW'), transformedAtHand: true });
    expect(change.record.state).toBe('COMPLETED');
    expect(itemsOf(change)).toMatchObject([
      { type: 'finished', state: 'COMPLETED', outputDigest: CHANGED, output: { transformedDigest: CHANGED } },
    ]);
  });

  it.each(['ALLOW', 'WARN', 'ESCALATE'] as const)(
    'is never delivered as it was: without the changed bytes %s quarantines it',
    (outcome) => {
      const { record } = after(screening(), { outcome, output: output(outcome), transformedAtHand: false });
      expect(record).toMatchObject({ state: 'QUARANTINED', primary: 'GUARDRAIL_UNAVAILABLE' });
    },
  );

  it('that was not changed is delivered as it was', () => {
    const [finished] = itemsOf(after(screening(), {}));
    expect(finished).toMatchObject({ state: 'COMPLETED', outputDigest: 'sha256:r' });
  });

  it('that is kept back has no delivered digest', () => {
    const [finished] = itemsOf(after(screening(), { outcome: 'BLOCK', output: output('BLOCK') }));
    expect(finished).toMatchObject({ state: 'QUARANTINED', output: { outcome: 'BLOCK' } });
    expect(finished).not.toHaveProperty('outputDigest');
  });
});

describe('a result that is to be tried again', () => {
  it('closes its attempt, not its task, and opens the next one with nothing of what was decided', () => {
    const row = screening();
    const change = after(row, FORMAT);
    expect(change.record).toMatchObject({ state: 'QUARANTINED', replacedBy: 2, chargedMicros: '120' });
    expect(change.next).toEqual({
      key: row.key,
      attempt: 2,
      round: 1,
      roundAt: expect.any(Number),
      state: 'EVALUATING',
      seq: row.seq,
      acceptedAt: 0,
      digest: DIGEST,
      task: row.task,
      facts: {},
      codes: [],
      covered: [],
      claim: 'NONE',
      connection: row.connection,
      retry: { strategy: 'format_hint', number: 1 },
      replaces: { attempt: 1, how: 'SETTLE', micros: '120' },
      earlierMicros: '120',
      timerAt: now + TIMERS.verdict + 60_000,
    });
  });

  it('tells the record that one attempt was closed and the next one opened, and of no end', () => {
    expect(itemsOf(after(screening(), FORMAT))).toMatchObject([
      { type: 'moved', attempt: 1, round: 2, to: 'QUARANTINED', cause: 'retried' },
      { type: 'moved', attempt: 2, round: 1, to: 'EVALUATING', cause: 'retried: format_hint' },
    ]);
  });

  it('settles all that was held where nobody can say what the attempt cost', () => {
    expect(after(screening(), { ...FORMAT, chargedMicros: undefined }).next?.replaces).toEqual({
      attempt: 1,
      how: 'SETTLE',
      micros: '500',
    });
  });

  it.each<[string, Partial<TaskRecord>, Partial<ScreenedEvent>, ReasonCode]>([
    ['the task is not idempotent', { task: { ...screening().task, idempotent: false } }, {}, 'RETRY_NOT_IDEMPOTENT'],
    ['every retry is used', { retry: { strategy: 'format_hint', number: 1 } }, {}, 'RETRY_EXHAUSTED'],
    [
      'a guardrail allows more than the hard limit',
      { retry: { strategy: 'format_hint', number: 3 } },
      { retry: { strategy: 'format_hint', max: 99 } },
      'RETRY_EXHAUSTED',
    ],
    ['the deadline is over', { task: { ...screening().task, deadline: now } }, {}, 'RETRY_EXHAUSTED'],
    ['the original bytes are gone', {}, { inputAtHand: false }, 'GUARDRAIL_UNAVAILABLE'],
  ])('is quarantined when %s, whatever guardrails asked for', (_when, row, changes, primary) => {
    expect(after(screening(row), { ...FORMAT, ...changes }).record).toMatchObject({ state: 'QUARANTINED', primary });
    expect(after(screening(row), { ...FORMAT, ...changes }).next).toBeUndefined();
  });

  it('is quarantined when nobody says how', () => {
    const { retry: _retry, ...bare } = FORMAT;
    expect(after(screening(), bare).record).toMatchObject({ primary: 'RETRY_NOT_PERMITTED' });
  });

  it('keeps what it was tried for, and what was charged before, through every round', () => {
    const clock = new FixedClock();
    const next = after(screening(), FORMAT).next as TaskRecord;
    const message = { ...aTaskMessage({ streamAt: clock.now() }), key: next.key, attempt: 2, round: 1 };
    const evaluation = {
      key: next.key,
      attempt: 2,
      round: 1,
      seq: message.seq,
      streamAt: message.streamAt,
      digest: message.digest,
      task: next.task,
      verdicts: new Map(),
      missing: new Map(),
      deniedAt: undefined,
    };
    const denied = aVerdict(message, 'budget', {
      clock,
      decision: 'DENY',
      codes: [{ code: 'BUDGET_TASK_EXHAUSTED' }],
    });
    evaluation.verdicts.set('budget', {
      control: 'budget',
      verdict: denied,
      at: clock.now(),
      ref: { frame: DIGEST, index: 0, leaf: DIGEST },
    });
    const context = { currency: 'USD', now: clock.now(), terms: ORDINARY_TERMS };
    expect(adopt(evaluation, next, context)).toMatchObject({
      state: 'DENIED',
      attempt: 2,
      retry: { number: 1 },
      earlierMicros: '120',
    });
    // a further attempt has a row before it has a message: without one nothing is adopted
    expect(adopt(evaluation, undefined, context)).toBeUndefined();
  });

  it('never takes a result of the attempt before', () => {
    const { record } = after(screening(), FORMAT);
    const result = { type: 'result', failed: false, seq: 9, digest: 'sha256:x', usage: [], tools: [] } as const;
    expect(applyEvent(record, { ...result, chargedMicros: '1' }, now + 1)).toBeUndefined();
    expect(isTerminal(record.state)).toBe(true);
  });
});

describe('the grant of a further attempt', () => {
  it('says what should be different, and has a canary of its own', () => {
    const claimed = screening({ retry: { strategy: 'shorter_output', number: 2 }, attempt: 3 });
    expect(grantClaims(claimed)).toMatchObject({
      attempt: 3,
      retry: { strategy: 'shorter_output', number: 2 },
      canary: expect.stringMatching(/^cnry-[0-9a-f]{16}$/),
      notAfter: formatInstant(claimed.task.deadline),
    });
    expect(grantClaims({ ...claimed, grantId: anId() })?.canary).not.toBe(grantClaims(claimed)?.canary);
  });
});
