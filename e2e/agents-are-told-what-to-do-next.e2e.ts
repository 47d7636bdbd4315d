import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { retryAdvice, type Agent, type TaskOutcome } from '@countersign/agent-sdk';
import { COMMANDS } from '@countersign/contracts';
import { echoPair, type Organisation } from './support/organisation.js';
import { startSystem, type RunningSystem } from './support/running-system.js';

/** Long enough to be released in, short enough to wait for. */
const DEADLINE_MS = 8_000;

describe('whoever submits', () => {
  let running: RunningSystem;
  let org: Organisation;
  let client: Agent;

  beforeAll(async () => {
    running = await startSystem('advice');
    ({ org, client } = await echoPair(running));
  });

  afterAll(async () => {
    await org?.close();
    await running?.stop();
  });

  /** A target of its own for each journey. */
  async function target(name: string, change: Parameters<Organisation['connect']>[2] = {}): Promise<Agent> {
    await org.agent(name);
    await org.connect('client', name, change);
    const agent = await org.connected(name);
    await org.untilKnown(client, name);
    return agent;
  }
  const submit = (to: Agent, more: { readonly id?: string; readonly deadline?: string } = {}) =>
    client.submit({ target: to.id, taskType: 'echo', text: 'work', ...more });

  it('is told to come back later, and when, where a rate is used up', async () => {
    const limited = await target('limited', { rate: { perMinute: 1, perHour: null } });
    limited.serve(() => ({ parts: [{ text: 'done' }] }));
    expect((await submit(limited)).state).toBe('COMPLETED');
    const advice = retryAdvice(await submit(limited));
    expect(advice.retry).toBe('later');
    expect(advice.retryAfterMs).toBeGreaterThan(0);
    expect(advice.retryAfterMs).toBeLessThanOrEqual(60_000);
    const asked = await client.check({ target: limited.id, taskType: 'echo', text: 'work' });
    expect(asked).toMatchObject({ decision: 'DENY', code: 'RATE_LIMITED' });
    expect(retryAdvice(asked).retry).toBe('later');
  });

  it('is told that it is no use where a policy forbids it', async () => {
    const answer = await client.submit({ target: org.idOf('target'), taskType: 'deploy', text: 'work' });
    expect(answer).toMatchObject({ state: 'DENIED', code: 'TASK_TYPE_NOT_ALLOWED' });
    expect(retryAdvice(answer)).toEqual({ retry: 'no' });
  });

  it('is told to come back later where nobody serves, and nothing was done', async () => {
    const absent = await target('absent');
    const answer = await submit(absent);
    expect(answer).toMatchObject({ code: 'TARGET_UNAVAILABLE' });
    expect(retryAdvice(answer).retry).toBe('later');
  });

  it('is told that the target may have done it where the result is late, and pays for it all the same', async () => {
    const slow = await target('slow');
    let finish = (_outcome: TaskOutcome): void => undefined;
    slow.serve(() => new Promise<TaskOutcome>((resolve) => (finish = resolve)));
    const answer = await submit(slow, { deadline: new Date(Date.now() + DEADLINE_MS).toISOString() });
    finish({
      parts: [{ text: 'too late' }],
      usage: [{ model: 'm', inputTokens: 1, outputTokens: 1, costMicros: '7000' }],
    });
    expect(answer).toMatchObject({ state: 'EXPIRED', code: 'RESULT_TIMEOUT' });
    expect(retryAdvice(answer).retry).toBe('if-idempotent');
    const spent = async (): Promise<string | undefined> => {
      const { budgets } = await running.operator.commands.call(COMMANDS.budget.show, { org: org.id });
      return budgets.find(({ scope }) => scope.type === 'ORG')?.spentMicros;
    };
    for (let i = 0; i < 200 && (await spent()) !== '7000'; i += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await spent()).toBe('7000');
    const known = await client.status(answer.task);
    expect(known).toMatchObject({ state: 'EXPIRED', code: 'RESULT_TIMEOUT' });
    expect(known.parts).toBeUndefined();
  });

  it('gets the result of a target that was asked to stop meanwhile, which takes nothing further', async () => {
    const leaving = await target('leaving');
    let finish = (): void => undefined;
    const begun = new Promise<void>((begins) =>
      leaving.serve(async () => {
        begins();
        await new Promise<void>((resolve) => (finish = resolve));
        return { parts: [{ text: 'done before I left' }] };
      }),
    );
    const answer = submit(leaving);
    await begun;
    const left = leaving.close();
    const next = await submit(leaving);
    expect(next).toMatchObject({ code: 'TARGET_UNAVAILABLE' });
    finish();
    expect(await answer).toMatchObject({ state: 'COMPLETED', parts: [{ text: 'done before I left' }] });
    await left;
  });

  it('is told when an id belongs to another task, which is not done again', async () => {
    const again = await target('again');
    let runs = 0;
    again.serve(() => ({ parts: [{ text: `run ${(runs += 1)}` }] }));
    const first = await submit(again);
    await expect(
      client.submit({ id: first.task, target: again.id, taskType: 'echo', text: 'something else' }),
    ).rejects.toMatchObject({ code: 'DUPLICATE_TASK_ID', retry: 'no' });
    expect(runs).toBe(1);
  });
});
