import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Agent, AnswerData } from '@countersign/agent-sdk';
import type { Bus } from '@countersign/bus';
import {
  COMMANDS,
  encodeRound,
  flowSubject,
  isTerminal,
  resultDigest,
  roundSubject,
  storedResultSubject,
} from '@countersign/contracts';
import type { Operator } from '@countersign/local';
import { formatInstant } from '@countersign/primitives';
import {
  asAgent,
  asService,
  forgedFrame,
  forgedMessage,
  forgedVerdict,
  newId,
  rawTask,
  strangersKey,
  submitRaw,
} from './support/attacker.js';
import { echoPair, Organisation } from './support/organisation.js';
import { signalService, startSystem, untilReady, type RunningSystem } from './support/running-system.js';
import { commandAs, realKey } from './support/thief.js';

type Pair = Awaited<ReturnType<typeof echoPair>>;

describe('a stolen password', () => {
  let running: RunningSystem;
  const open: Bus[] = [];
  const pairs: Pair[] = [];

  beforeAll(async () => {
    running = await startSystem('thief');
  });

  afterAll(async () => {
    await Promise.all(open.map((bus) => bus.drain()));
    await Promise.all(pairs.map(({ org }) => org.close()));
    await running?.stop();
  });

  async function thief(name: Parameters<typeof asService>[1]): Promise<Bus> {
    const bus = await asService(running, name);
    open.push(bus);
    return bus;
  }

  async function pair(change: Parameters<typeof echoPair>[1] = {}): Promise<Pair> {
    const made = await echoPair(running, change);
    pairs.push(made);
    return made;
  }

  const submit = ({ client, org }: Pair, id = newId()): Promise<AnswerData> =>
    client.submit({ id, target: org.idOf('target'), taskType: 'echo', text: 'hello', maxCostMicros: '10' });

  async function until(client: Agent, task: string, holds: (state: string) => boolean): Promise<AnswerData> {
    for (let i = 0; i < 400; i += 1) {
      const answer = await client.status(task);
      if (holds(answer.state)) return answer;
      await sleep(50);
    }
    throw new Error(`the task did not come there: ${(await client.status(task)).state}`);
  }

  it("gives no verdict that counts, where the service's own key would have given one", async () => {
    const { org, client, handled } = await pair();
    const [peer] = await client.peers();
    const connection = { id: peer?.connection ?? '', org: org.id, agent: org.idOf('target') };
    const bus = await thief('policy');
    const nc = await asAgent(org.credentialOf('client'));
    signalService(running, 'policy', 'SIGSTOP');
    try {
      const states: string[] = [];
      for (const key of [strangersKey('policy'), realKey(running, 'budget'), realKey(running, 'policy')]) {
        const task = rawTask({ org: org.id, agent: client.id }, org.idOf('target'));
        const seq = await submitRaw(nc, task);
        const { subject, item } = forgedVerdict('policy', task, { seq, connection });
        const { body, headers } = forgedFrame(key, subject, item);
        await bus.js.publish(subject, body, { headers });
        states.push((await until(client, task.key.task, (state) => isTerminal(state as never))).state);
        // the registry's and the others' read models of policy must stay fresh from one to the next
        if (states.length < 3) {
          signalService(running, 'policy', 'SIGCONT');
          await untilReady(running, 'policy');
          await sleep(1_500);
          signalService(running, 'policy', 'SIGSTOP');
        }
      }
      expect(states).toEqual(['DENIED', 'DENIED', 'COMPLETED']);
      expect(handled.length).toBe(1);
    } finally {
      signalService(running, 'policy', 'SIGCONT');
      await untilReady(running, 'policy');
      await nc.drain();
    }
  });

  describe('with a task that waits for a person', () => {
    let held: Pair;
    let approver: Operator;
    beforeAll(async () => {
      held = await pair({ approvalAboveMicros: '1' });
      approver = await held.org.person('approver', 'APPROVER');
    });

    async function holding(): Promise<{ id: string; answer: Promise<AnswerData>; digest: string }> {
      const id = newId();
      const answer = submit(held, id);
      await until(held.client, id, (state) => state === 'AWAITING_APPROVAL');
      const { requests } = await running.operator.commands.call(COMMANDS.dispatcher.approvals, { org: held.org.id });
      return { id, answer, digest: requests.find(({ task }) => task.task === id)?.actionDigest ?? '' };
    }
    const keyOf = (task: string): { org: string; agent: string; task: string } => ({
      org: held.org.id,
      agent: held.client.id,
      task,
    });

    it.each(['no key', "a stranger's key", "another service's key"])(
      'approves nothing with %s; a person with a key of their own does',
      async (which) => {
        const { id, answer, digest } = await holding();
        const bus = await thief('operator');
        const key = { 'no key': undefined, "a stranger's key": strangersKey('operator') }[which];
        const chosen = which === "another service's key" ? realKey(running, 'trust') : key;
        const body = { task: keyOf(id), attempt: 1, round: 1, actionDigest: digest as `sha256:${string}` };
        await commandAs(bus, {
          spec: COMMANDS.dispatcher.approve,
          body,
          ...(chosen === undefined ? {} : { key: chosen }),
        });
        expect((await held.client.status(id)).state).toBe('AWAITING_APPROVAL');
        expect(held.handled).not.toContain(id);
        await approver.commands.call(COMMANDS.dispatcher.approve, body);
        expect(await answer).toMatchObject({ state: 'COMPLETED' });
      },
    );

    it('makes no round that anybody judges, and the task still ends', async () => {
      const { id, answer, digest } = await holding();
      const bus = await thief('dispatcher');
      const { digest: taskDigest, round } = await held.client.status(id);
      const [peer] = await held.client.peers();
      const line = {
        v: 1 as const,
        task: id,
        attempt: 1,
        round: 2,
        digest: taskDigest as `sha256:${string}`,
        connection: peer?.connection ?? '',
        covered: [{ service: 'policy' as const, code: 'APPROVAL_REQUIRED' as never }],
        at: formatInstant(Date.now()),
      };
      expect(round).toBe(1);
      const subject = roundSubject(keyOf(id), 1, 2);
      const body = encodeRound(line, rawTask(keyOf(id), held.org.idOf('target'), id).body);
      await bus.js.publish(subject, body, {
        headers: forgedMessage(strangersKey('dispatcher'), 'round', { subject, body }),
      });
      await sleep(1_000);
      expect((await held.client.status(id)).state).toBe('AWAITING_APPROVAL');
      expect(held.handled).not.toContain(id);
      // the place of the real round is taken: that may deny the task, but neither release it nor leave it open
      const approval = { task: keyOf(id), attempt: 1, round: 1, actionDigest: digest as `sha256:${string}` };
      await approver.commands.call(COMMANDS.dispatcher.approve, approval);
      expect(await answer).toMatchObject({ state: 'DENIED' });
      expect(held.handled).not.toContain(id);
    });
  });

  it('screens no result', async () => {
    const slow = await Organisation.create(running);
    for (const name of ['client', 'target']) await slow.agent(name);
    await slow.connect('client', 'target');
    const [asking, serving] = [await slow.connected('client'), await slow.connected('target')];
    await slow.untilKnown(asking, 'target');
    const secret = `AKIA${'Q7ZT2MX5KD4WRB6L'}`;
    let grant = '';
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    serving.serve(async (task) => {
      grant = task.grant.jti;
      await gate;
      return { parts: [{ text: `the key is ${secret}` }] };
    });
    const id = newId();
    const answer = asking.submit({ id, target: slow.idOf('target'), taskType: 'echo', text: 'hello' });
    while (grant === '') await sleep(10);
    const bus = await thief('guardrails');
    signalService(running, 'guardrails', 'SIGSTOP');
    try {
      go();
      await sleep(500);
      const target = { org: slow.id, agent: slow.idOf('target') };
      const subject = storedResultSubject(target, grant);
      const stored = await bus.nc.request('$JS.API.STREAM.MSG.GET.RES', JSON.stringify({ last_by_subj: subject }));
      const { message } = stored.json<{ readonly message: { readonly data: string } }>();
      const item = {
        type: 'screened',
        nonce: 'AAAAAAAAAAA',
        task: { org: slow.id, agent: asking.id, id },
        attempt: 1,
        round: 1,
        digest: resultDigest(target, grant, Buffer.from(message.data, 'base64')),
        outcome: 'ALLOW',
        codes: [],
        details: {},
        versions: {},
        at: formatInstant(Date.now()),
      };
      const { body, headers } = forgedFrame(strangersKey('guardrails'), flowSubject(0, 'ovd'), item);
      await bus.js.publish(flowSubject(0, 'ovd'), body);
      await bus.js.publish(flowSubject(0, 'ovd'), body, { headers });
      await sleep(1_000);
      expect(isTerminal((await asking.status(id)).state as never)).toBe(false);
    } finally {
      signalService(running, 'guardrails', 'SIGCONT');
      await untilReady(running, 'guardrails');
    }
    const end = await answer;
    expect(end.state).not.toBe('COMPLETED');
    expect(JSON.stringify(end)).not.toContain(secret);
    await slow.close();
  });
});
