import { describe, expect, it } from '@jest/globals';
import type { CodeRef } from '@countersign/contracts';
import { anId, aTaskKey } from '@countersign/testing';
import { answerOf } from './answer.js';
import type { TaskRecord } from './model.js';

const key = aTaskKey();
const row = (changes: Partial<TaskRecord>): TaskRecord => ({
  key,
  attempt: 1,
  round: 1,
  state: 'DENIED',
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
    usesModels: false,
  },
  facts: { retryAfterMs: 300, nextOpenAt: '2026-12-01T08:00:00.000Z' },
  codes: [],
  covered: [],
  claim: 'NONE',
  ...changes,
});
const denied = (code: CodeRef, changes: Partial<TaskRecord> = {}) =>
  answerOf(row({ codes: [code], primary: code.code, ...changes }), {});

describe('the answer to a denial', () => {
  it('names a reason of the own side and when to try again', () => {
    expect(denied({ code: 'RATE_LIMITED', side: 'client' })).toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterMs: 300,
      nextOpenAt: '2026-12-01T08:00:00.000Z',
    });
  });

  it('of the counterpart says only that, and not when it would be over', () => {
    const answer = denied({ code: 'RATE_LIMITED', side: 'target' });
    expect(answer).toMatchObject({ code: 'DENIED_BY_COUNTERPARTY' });
    expect(answer).not.toHaveProperty('retryAfterMs');
    expect(answer).not.toHaveProperty('nextOpenAt');
  });

  it('hides nothing inside one organisation', () => {
    const target = { org: key.org, agent: anId() };
    const facts = { target, retryAfterMs: 300 };
    expect(denied({ code: 'RATE_LIMITED', side: 'target' }, { facts })).toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterMs: 300,
    });
  });
});

describe('the answer to a task that was tried again', () => {
  it('names the attempt that ended it and what all attempts were charged', () => {
    const answer = answerOf(row({ state: 'COMPLETED', attempt: 2, chargedMicros: '7', earlierMicros: '5' }), {});
    expect(answer).toMatchObject({ attempt: 2, chargedMicros: '12' });
    expect(answer).not.toHaveProperty('retryAfterMs');
  });
});
