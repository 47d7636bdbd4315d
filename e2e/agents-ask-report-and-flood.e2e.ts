import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { retryAdvice, type Agent, type DeliveredTask } from '@countersign/agent-sdk';
import { AGENT_REQUESTS, taskSubject } from '@countersign/contracts';
import { asAgent, rawTask } from './support/attacker.js';
import { echoPair, type Organisation } from './support/organisation.js';
import { startSystem, type RunningSystem } from './support/running-system.js';

const QUOTA = 20;
const USAGE = { model: 'house-model', inputTokens: 10, outputTokens: 10, costMicros: '5000' };

describe('an agent of a system that takes 20 submissions in 10 s', () => {
  let running: RunningSystem;
  let org: Organisation;
  let client: Agent;
  let target: Agent;
  let handled: readonly string[];

  beforeAll(async () => {
    running = await startSystem('ask', { intakePer10s: QUOTA });
    ({ org, client, target, handled } = await echoPair(running));
  });

  afterAll(async () => {
    await org?.close();
    await running?.stop();
  });

  it('learns by a check what a submission would come to, and nothing happens', async () => {
    const id = rawTask({ org: org.id, agent: client.id }, target.id).key.task;
    const known = await client.check({ id, target: target.id, taskType: 'echo', text: 'may I?' });
    expect(known).toMatchObject({ decision: 'RELEASE', codes: [] });
    const unknown = await client.check({ target: client.id, taskType: 'echo', text: 'may I?' });
    expect(unknown).toMatchObject({ decision: 'DENY', code: 'CONNECTION_NOT_FOUND' });
    expect(unknown.codes).toHaveLength(1);
    expect(await client.status(id)).toMatchObject({ state: 'NOT_FOUND' });
    expect(handled).toEqual([]);
  });

  it('reports usage while a task runs and once after it, and has a canary in every grant', async () => {
    const [asking, working] = await pair();
    let delivered: DeliveredTask | undefined;
    working.serve(async (task) => {
      delivered = task;
      await working.reportUsage(task, [USAGE]);
      return { parts: [{ text: 'done' }] };
    });
    const answer = await asking.submit({ target: working.id, taskType: 'echo', text: 'work' });
    expect(answer).toMatchObject({ state: 'COMPLETED' });
    expect(BigInt(answer.chargedMicros ?? '0')).toBeGreaterThanOrEqual(5_000n);
    expect(delivered?.grant.canary).toMatch(/^cnry-[0-9a-f]{16}$/);
    if (delivered === undefined) throw new Error('nothing was delivered');
    await working.reportUsage(delivered, [USAGE]);
    await expect(working.reportUsage(delivered, [USAGE])).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      retry: 'no',
    });
    await expect(asking.reportUsage(delivered, [USAGE])).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
  });

  it('is refused beyond its quota for a minute, and told when to come back', async () => {
    const [asking, working] = await pair();
    working.serve(() => ({ parts: [{ text: 'done' }] }));
    const answers = await Promise.all(
      Array.from({ length: QUOTA + 5 }, () => asking.submit({ target: working.id, taskType: 'echo', text: 'again' })),
    );
    const refused = answers.filter(({ state }) => state === 'DENIED');
    expect(refused.map(({ code }) => code)).toEqual(Array(5).fill('INTAKE_LIMITED'));
    for (const answer of refused) expect(retryAdvice(answer)).toEqual({ retry: 'later', retryAfterMs: 60_000 });
    expect(await asking.check({ target: working.id, taskType: 'echo', text: 'now?' })).toMatchObject({
      decision: 'DENY',
      code: 'INTAKE_LIMITED',
    });
    // whoever is quiet meanwhile is not
    expect(await client.submit({ target: target.id, taskType: 'echo', text: 'and I?' })).toMatchObject({
      state: 'COMPLETED',
    });
  });

  it('is refused when it asks ten times as much as it may submit, and nobody else is', async () => {
    const [asking] = await pair();
    const task = rawTask({ org: org.id, agent: asking.id }, target.id).key.task;
    const asked = await Promise.allSettled(
      Array.from({ length: QUOTA * AGENT_REQUESTS.perSubmission + 50 }, () => asking.status(task)),
    );
    const refused = asked.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
    // while it asks it may ask again what the time brings: 20 a second
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThanOrEqual(50);
    for (const failure of refused) expect(failure).toMatchObject({ code: 'INTAKE_LIMITED', retry: 'later' });
    expect(await client.status(task)).toMatchObject({ state: 'NOT_FOUND' });
  });

  it('is cut off when it floods', async () => {
    const name = await named();
    const credential = org.credentialOf(name);
    const nc = await asAgent(credential);
    const lost = (async () => {
      for await (const status of nc.status()) if (status.type === 'disconnect') return true;
      return false;
    })();
    for (let i = 0; i <= QUOTA * 10; i += 1) {
      const { key, body } = rawTask(credential, target.id);
      nc.publish(taskSubject(key), body);
    }
    expect(await lost).toBe(true);
    await nc.close();
  });

  let made = 0;
  async function named(): Promise<string> {
    made += 1;
    await org.agent(`agent-${made}`);
    return `agent-${made}`;
  }

  async function pair(): Promise<readonly [Agent, Agent]> {
    const [a, b] = [await named(), await named()];
    await org.connect(a, b);
    const [asking, working] = [await org.connected(a), await org.connected(b)];
    await org.untilKnown(asking, b);
    return [asking, working];
  }
});
