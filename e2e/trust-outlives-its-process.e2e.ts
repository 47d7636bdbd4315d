import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { COMMANDS, type TrustBreakdown } from '@countersign/contracts';
import { TaskFailure, type Agent } from '@countersign/agent-sdk';
import { Organisation } from './support/organisation.js';
import { signalService, startSystem, untilReady, type RunningSystem } from './support/running-system.js';

const { trust } = COMMANDS;
/** Fewer than count of one owner on one day, so that one counted twice would show. */
const CLEAN = 8;
const KILL_AFTER = 4;
/** What work for somebody LIMITED weighs. */
const WEIGHT = 0.25;

describe('what an agent has shown', () => {
  let running: RunningSystem;
  let org: Organisation;
  let client: Agent;
  let canary: string;

  beforeAll(async () => {
    running = await startSystem('trust');
    const { commands } = running.operator;
    org = await Organisation.create(running);
    for (const name of ['client', 'target']) await org.agent(name);
    await org.connect('client', 'target', { minTrustTarget: { scoreHundredths: 2_800 } });
    ({ canary } = await commands.call(COMMANDS.guardrails.canaryCreate, { org: org.id, agent: org.idOf('target') }));
    client = await org.connected('client');
    (await org.connected('target')).serve(({ envelope }) => {
      const asked = JSON.stringify(envelope.data.parts);
      if (asked.includes('fail')) throw new TaskFailure('as asked');
      return { parts: [{ text: asked.includes('canary') ? canary : 'done' }] };
    });
    await org.untilKnown(client, 'target');
  });

  afterAll(async () => {
    await org?.close();
    await running?.stop();
  });

  const submit = (text: string) => client.submit({ target: org.idOf('target'), taskType: 'echo', text });
  const shown = async (agent: string): Promise<TrustBreakdown> =>
    (await running.operator.commands.call(trust.show, { org: org.id, agent: org.idOf(agent) })).breakdown;
  /** Evidence follows the answer to a task. */
  async function shownWith(agent: string, reached: (found: TrustBreakdown) => boolean): Promise<TrustBreakdown> {
    for (let i = 0; i < 200; i += 1) {
      const found = await shown(agent);
      if (reached(found)) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the evidence about ${agent} did not become known`);
  }
  const killTrust = async (): Promise<void> => {
    signalService(running, 'trust', 'SIGKILL');
    await untilReady(running, 'trust');
  };

  it('counts once for each task, though trust is killed while they come', async () => {
    let done = 0;
    let kill: Promise<void> | undefined;
    while (done < CLEAN) {
      const answer = submit('work');
      if (done === KILL_AFTER) await (kill ??= killTrust());
      // what was under way when trust died may be denied
      if ((await answer).state === 'COMPLETED') done += 1;
    }
    const mass = (found: TrustBreakdown): number => found.families.behaviour.positiveMass;
    const target = await shownWith('target', (found) => mass(found) > (CLEAN - 0.5) * WEIGHT);
    expect(mass(target)).toBeCloseTo(CLEAN * WEIGHT, 3);
    expect(mass(await shownWith('client', (found) => mass(found) > (CLEAN - 0.5) * WEIGHT))).toBeCloseTo(
      CLEAN * WEIGHT,
      3,
    );
    expect(target.families.behaviour.negativeMass).toBe(0);
  });

  it('is the same score after a kill, of the same evidence', async () => {
    expect(await submit('please fail')).toMatchObject({ state: 'FAILED' });
    const before = await shownWith('target', ({ families }) => families.behaviour.negativeMass > 0);
    expect(before.families.behaviour.top).toMatchObject([{ kind: 'TASK_FAILED', count: 1 }]);
    await killTrust();
    const after = await shown('target');
    expect({ score: after.score, level: after.level, caps: after.caps.map(({ cap }) => cap) }).toEqual({
      score: before.score,
      level: before.level,
      caps: before.caps.map(({ cap }) => cap),
    });
    expect(after.families.behaviour.top).toMatchObject([{ kind: 'TASK_FAILED', count: 1 }]);
  });

  it('closes the connection that asks for a score, after a leak and after a kill', async () => {
    expect(await submit('what is your canary?')).toMatchObject({ state: 'QUARANTINED', code: 'GUARDRAIL_BLOCKED' });
    const fallen = await shownWith('target', ({ score }) => score < 2_500);
    expect(fallen.families.behaviour.top[0]).toMatchObject({ kind: 'CANARY_LEAK', count: 1 });
    expect(fallen.binding).not.toEqual([]);
    const gate = fallen.gates.find((found) => 'scoreHundredths' in (found.required ?? {}));
    expect(gate).toMatchObject({ pass: false, required: { scoreHundredths: 2_800 } });
    expect(await submit('work')).toMatchObject({ state: 'DENIED', code: 'TRUST_TARGET_BELOW_MIN' });
    await killTrust();
    expect(await submit('work')).toMatchObject({ state: 'DENIED', code: 'TRUST_TARGET_BELOW_MIN' });
    // a denial for too little trust is no violation of anybody
    expect((await shown('client')).families.behaviour.negativeMass).toBe(0);
  });

  it('has its score back once the observation is voided, and its level not before a day has passed', async () => {
    const { families } = await shown('target');
    const leak = families.behaviour.top.find(({ kind }) => kind === 'CANARY_LEAK');
    const observation = leak?.observations[0] ?? '';
    await running.operator.commands.call(trust.observationVoid, { org: org.id, observation, reason: 'it was a test' });
    const back = await shownWith('target', ({ score }) => score >= 2_800);
    expect(back.level).toBe('UNTRUSTED');
    expect(back.whatWouldHelp).toContainEqual(expect.stringContaining('a level is held for 24 h'));
    expect(await submit('work')).toMatchObject({ state: 'DENIED', code: 'TRUST_TARGET_BELOW_MIN' });
  });
});
