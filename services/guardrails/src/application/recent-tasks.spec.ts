import { describe, expect, it } from '@jest/globals';
import { aTaskMessage } from '@countersign/testing';
import { RecentTasks, type RecentTask } from './recent-tasks.js';

const MIB = 1024 * 1024;
const aTask = (seq: number, body = Buffer.from(`body ${seq}`)): RecentTask => {
  const { key, digest } = aTaskMessage();
  return { key, digest, seq, body };
};

describe('tasks that were screened lately', () => {
  it('are found by their sequence, with bytes of their own', () => {
    const recent = new RecentTasks();
    const [one, two] = [aTask(1), aTask(2)];
    recent.remember([one, two]);
    const expected = { ...two, body: Buffer.from('body 2') };
    two.body.fill(0);
    expect(recent.find(2)).toEqual(expected);
    expect(recent.find(3)).toBeUndefined();
  });

  it('are forgotten oldest first when they are too many or too large, and read anew when they come again', () => {
    const recent = new RecentTasks();
    recent.remember([aTask(1, Buffer.alloc(7 * MIB)), aTask(2, Buffer.alloc(7 * MIB))]);
    recent.remember([aTask(1, Buffer.alloc(7 * MIB))]);
    recent.remember([aTask(3, Buffer.alloc(7 * MIB))]);
    expect([1, 2, 3].map((seq) => recent.find(seq) !== undefined)).toEqual([true, false, true]);
    recent.remember(Array.from({ length: 20_000 }, (_, i) => aTask(10 + i)));
    expect([1, 3, 10, 20_009].map((seq) => recent.find(seq) !== undefined)).toEqual([false, false, true, true]);
    recent.remember([aTask(4, Buffer.alloc(17 * MIB))]);
    expect(recent.find(4)).toBeUndefined();
  });
});
