import { describe, expect, it } from '@jest/globals';
import type { TaskRow } from '@countersign/contracts';
import { aTaskKey } from '@countersign/testing';
import { FollowedTasks } from './followed-tasks.js';

const AT = '2026-11-25T08:00:00.000Z';
const aRow = (change: Partial<TaskRow> = {}): TaskRow => ({
  ...{ task: aTaskKey(), attempt: 1, round: 1, state: 'EVALUATING', claim: 'NONE' },
  ...{ acceptedAt: AT, updatedAt: AT },
  ...change,
});

describe('tasks that are followed', () => {
  it('are shown once, however often they are found at the instant of the newest change', () => {
    const row = aRow();
    const followed = new FollowedTasks([row]);
    expect(followed.changed([row])).toEqual([]);
    const done: TaskRow = { ...row, state: 'COMPLETED' };
    expect(followed.changed([done])).toEqual([done]);
    expect(followed.changed([done])).toEqual([]);
  });

  it('are shown oldest first, and asked for from the newest change on', () => {
    const [older, newer] = [aRow(), aRow({ updatedAt: '2026-11-25T08:00:01.000Z' })];
    const followed = new FollowedTasks([]);
    expect(followed.after).toBe('1970-01-01T00:00:00.000Z');
    expect(followed.changed([newer, older])).toEqual([older, newer]);
    expect(followed.after).toBe('2026-11-25T08:00:01.000Z');
  });
});
