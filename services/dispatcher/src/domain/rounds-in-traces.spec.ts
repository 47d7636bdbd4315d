import { describe, expect, it } from '@jest/globals';
import type { TaskState } from '@countersign/contracts';
import type { TaskRecord } from './model.js';
import { endedRound, leftWaiting, waitedFor } from './rounds-in-traces.js';

const row = (state: TaskState, round = 1, more: Partial<TaskRecord> = {}): TaskRecord =>
  ({ key: { org: 'o', agent: 'a', task: 't' }, attempt: 1, state, round, ...more }) as TaskRecord;
const asked = (round: number, stage: 'PRE_RELEASE' | 'OUTPUT', requestedAt: number) =>
  ({ round, stage, requestedAt }) as NonNullable<TaskRecord['requests']>[number];

describe('a round ends for its trace', () => {
  it.each([
    ['when a task is denied', undefined, row('DENIED'), 1],
    ['when a task is completed', row('SCREENING', 2), row('COMPLETED', 2), 2],
    ['when it begins to wait for people', undefined, row('AWAITING_APPROVAL'), 1],
    ['when a second round has to wait again', row('EVALUATING', 2), row('AWAITING_APPROVAL', 2), 2],
    ['when prices differ and it is judged again', undefined, row('EVALUATING', 2), 1],
    ['when a verdict expired and it is judged again', row('RELEASING', 2), row('EVALUATING', 3), 2],
    ['when an attempt is replaced', row('SCREENING'), row('QUARANTINED', 1, { replacedBy: 2 }), 1],
  ])('%s', (_when, before, record, round) => expect(endedRound({ before, record })).toBe(round));

  it.each([
    ['when it is released', undefined, row('RELEASING')],
    ['when it is handed over', row('RELEASING'), row('DISPATCHED')],
    ['when people let it pass, because it ended when they were asked', row('AWAITING_APPROVAL'), row('EVALUATING', 2)],
    ['when people refuse it, for the same reason', row('AWAITING_APPROVAL'), row('DENIED')],
    ['when a cost is told after its end', row('COMPLETED'), row('COMPLETED')],
    ['when people are asked about its result', row('SCREENING'), row('AWAITING_OUTPUT_APPROVAL')],
  ])('but not %s', (_when, before, record) => expect(endedRound({ before, record })).toBeUndefined());

  it('but not when a further attempt begins', () =>
    expect(endedRound({ before: row('SCREENING'), record: row('EVALUATING', 1), fresh: true })).toBeUndefined());
});

describe('waiting for people', () => {
  const requests = [asked(1, 'PRE_RELEASE', 100), asked(1, 'PRE_RELEASE', 90), asked(2, 'OUTPUT', 500)];

  it('lasts from the first request until the row moves on', () => {
    const before = row('AWAITING_APPROVAL', 1, { requests });
    expect(leftWaiting({ before, record: row('EVALUATING', 2) })).toMatchObject({ round: 1, since: 90 });
    expect(leftWaiting({ before, record: before })).toBeUndefined();
    const output = row('AWAITING_OUTPUT_APPROVAL', 2, { requests });
    expect(leftWaiting({ before: output, record: row('COMPLETED', 2) })).toMatchObject({ round: 2, since: 500 });
    expect(leftWaiting({ before: row('RELEASING'), record: row('DISPATCHED') })).toBeUndefined();
  });

  it('is told by the round after it, and by no other', () => {
    const record = row('COMPLETED', 2, { requests, approvedAt: 290 });
    expect(waitedFor(record, 2)).toBe(200);
    expect(waitedFor(record, 1)).toBeUndefined();
    expect(waitedFor(row('COMPLETED', 2, { requests }), 2)).toBeUndefined();
  });
});
