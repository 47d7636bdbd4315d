import { describe, expect, it } from '@jest/globals';
import { TASK_STATES, isTerminal, type Usage } from '@countersign/contracts';
import { itemsOfChange } from './items.js';
import { costTold, takeLateCost } from './late-costs.js';
import type { TaskRecord } from './model.js';
import { applyEvent } from './row-events.js';

const use = (model: string): Usage => ({ model, inputTokens: 10, outputTokens: 5 });
const nothing = { usage: [], tools: [] };
const RESULT = { seq: 1, digest: 'sha256:r', usage: [use('a')], tools: ['t'] };

const ended = (changes: Partial<TaskRecord> = {}): TaskRecord => ({
  key: { org: 'o', agent: 'a', task: 't' },
  attempt: 1,
  round: 1,
  state: 'EXPIRED',
  seq: 1,
  acceptedAt: 0,
  digest: `sha256:${'a'.repeat(64)}`,
  task: {
    taskType: 'x',
    target: 'b',
    deadline: 1,
    instance: undefined,
    models: null,
    tools: null,
    usesModels: true,
  },
  facts: {},
  codes: [{ code: 'RESULT_TIMEOUT' }],
  primary: 'RESULT_TIMEOUT',
  covered: [],
  claim: 'CLAIMED',
  endedAt: 1,
  ...changes,
});

describe('what an execution cost', () => {
  it('is what was reported while it ran and what its result says; calls are not added up, tools count once', () => {
    const told = costTold({}, { usage: [use('a')], tools: ['t'] }, { usage: [use('a'), use('b')], tools: ['t', 'u'] });
    expect(told).toEqual({ usage: [use('a'), use('a'), use('b')], tools: ['t', 'u'] });
  });

  it('is not counted twice when reports are part of the stored result', () => {
    const reported = { usage: [use('a')], tools: ['t'] };
    expect(costTold({ result: RESULT }, reported, nothing)).toEqual({ usage: [use('a')], tools: ['t'] });
  });
});

describe('a cost after the end', () => {
  it('is said in one item, and the state stays', () => {
    const change = applyEvent(ended(), { type: 'lateUsage', ...nothing, usage: [use('a')], chargedMicros: '9' }, 5);
    expect(change?.record).toMatchObject({ state: 'EXPIRED', primary: 'RESULT_TIMEOUT', endedAt: 1 });
    const items = change && itemsOfChange(change, { nonce: () => 'AAAAAAAAAAA', now: 5 });
    expect(items).toMatchObject([{ type: 'corrected', chargedMicros: '9', usage: [use('a')] }]);
  });

  it('that nobody can say in money corrects nothing, but its bytes are kept', () => {
    const change = applyEvent(ended(), { type: 'result', failed: true, seq: 2, digest: 'sha256:l', ...nothing }, 5);
    expect(change?.record.late).toEqual({ usage: [], digest: 'sha256:l' });
    expect(change && itemsOfChange(change, { nonce: () => 'AAAAAAAAAAA', now: 5 })).toEqual([]);
  });

  it('is listed with 100 entries at most, whatever it comes to', () => {
    const usage = Array.from({ length: 300 }, () => use('a'));
    const change = applyEvent(ended(), { type: 'lateUsage', usage, tools: [], chargedMicros: '9' }, 5);
    const [item] = change === undefined ? [] : itemsOfChange(change, { nonce: () => 'AAAAAAAAAAA', now: 5 });
    expect(item).toHaveProperty('usage.length', 100);
  });

  it.each<[string, Partial<TaskRecord>]>([
    ['an earlier late cost stands', { late: { usage: [] } }],
    ['nothing was handed over', { claim: 'WITHDRAWN' }],
    ['it is known that nothing was delivered', { claim: 'UNDELIVERED' }],
  ])('is refused when %s', (_when, changes) => {
    expect(takeLateCost(ended(changes), nothing)).toBeUndefined();
  });

  it('may be a report after a result, but never a second result', () => {
    const row = ended({ state: 'COMPLETED', result: RESULT });
    expect(takeLateCost(row, { ...nothing, digest: 'sha256:other' })).toBeUndefined();
    expect(takeLateCost(row, { ...nothing, report: 'p' })).toBeDefined();
  });

  it.each(TASK_STATES.filter((state) => !isTerminal(state)))('is none while a task is in %s', (state) => {
    expect(takeLateCost(ended({ state }), nothing)).toBeUndefined();
  });
});
