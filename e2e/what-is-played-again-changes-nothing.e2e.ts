import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect } from '@countersign/agent-sdk';
import type { Bus } from '@countersign/bus';
import {
  COMMANDS,
  flowSubject,
  readModelKey,
  readModelStream,
  readModelSubject,
  TICK_KEY,
  verdictSubject,
  type AnswerData,
} from '@countersign/contracts';
import { sealTrustBundle, SigningKey, signReply } from '@countersign/identity';
import { signedHeaders } from '@countersign/bus';
import { toBase64Url, utf8 } from '@countersign/primitives';
import { asService, newId, strangersKey } from './support/attacker.js';
import { echoPair } from './support/organisation.js';
import { signalService, startSystem, untilReady, type RunningSystem } from './support/running-system.js';
import { recorded, replay } from './support/thief.js';

type Pair = Awaited<ReturnType<typeof echoPair>>;

let running: RunningSystem;
const open: Bus[] = [];
const pairs: Pair[] = [];

beforeAll(async () => {
  running = await startSystem('replay');
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

async function pair(): Promise<Pair> {
  const made = await echoPair(running);
  pairs.push(made);
  return made;
}

const submit = ({ client, org }: Pair): Promise<AnswerData> =>
  client.submit({ target: org.idOf('target'), taskType: 'echo', text: 'hello', maxCostMicros: '10' });

it('every frame of the log, published again under its own signature', async () => {
  const { commands } = running.operator;
  const some = await pair();
  const { org, client, handled } = some;
  for (let i = 0; i < 5; i += 1) expect((await submit(some)).state).toBe('COMPLETED');
  await client.submit({ target: org.idOf('target'), taskType: 'nothing', text: 'denied' });
  const state = async (): Promise<object> => ({
    record: await commands.call(COMMANDS.audit.verify, { org: org.id }),
    budgets: await commands.call(COMMANDS.budget.show, { org: org.id }),
    ledger: await commands.call(COMMANDS.budget.check, { org: org.id }),
    handled: handled.length,
  });
  await sleep(1_500);
  const before = await state();
  const dispatcher = await thief('dispatcher');
  const said = {
    dispatcher: [flowSubject(0, 'dec'), flowSubject(0, 'scr')],
    audit: [flowSubject(0, 'rec'), verdictSubject(0, 'audit')],
    policy: [verdictSubject(0, 'policy')],
    guardrails: [flowSubject(0, 'ovd')],
  } as const;
  for (const [service, subjects] of Object.entries(said) as [keyof typeof said, readonly string[]][]) {
    const bus = await thief(service);
    for (const subject of subjects) {
      const frames = await recorded(dispatcher, 'FLOW', subject);
      expect(frames.length).toBeGreaterThan(0);
      await replay(bus, frames);
    }
  }
  await sleep(2_000);
  expect(await state()).toEqual(before);
  expect((await submit(some)).state).toBe('COMPLETED');
});

it.each([
  ['policy', 'a record that nobody signed'],
  ['policy', 'the record that was in force before'],
])('%s: a stricter policy holds in spite of %s, also after a restart', async (_owner, what) => {
  const some = await pair();
  const [peer] = await some.client.peers();
  const connection = peer?.connection ?? '';
  expect((await submit(some)).state).toBe('COMPLETED');
  const bus = await thief('policy');
  const subject = readModelSubject('policy', readModelKey.connection(some.org.id, connection));
  const [last] = (await recorded(bus, readModelStream('policy'), subject)).slice(-1);
  if (last === undefined) throw new Error('there is no policy');
  const lying = { ...(JSON.parse(Buffer.from(last.data).toString()) as object), version: 1_000_000_000 };
  const forged = { subject, data: utf8(JSON.stringify(lying)), headers: undefined };
  if (what.includes('nobody')) await replay(bus, [forged]);
  await running.operator.commands.call(COMMANDS.policy.set, {
    scope: { kind: 'connection', org: some.org.id, connection },
    change: { taskTypes: ['something_else'] },
  });
  if (!what.includes('nobody')) await replay(bus, [last]);
  await sleep(500);
  const denied = { state: 'DENIED', code: 'TASK_TYPE_NOT_ALLOWED' };
  expect(await submit(some)).toMatchObject(denied);
  signalService(running, 'policy', 'SIGKILL');
  await sleep(300);
  await untilReady(running, 'policy');
  expect(await submit(some)).toMatchObject(denied);
  expect(some.handled.length).toBe(1);
});

it('registry: a revoked agent stays revoked in spite of its older record', async () => {
  const some = await pair();
  const ref = { org: some.org.id, agent: some.org.idOf('target') };
  const bus = await thief('registry');
  const subject = readModelSubject('registry', readModelKey.agent(ref));
  const active = (await recorded(bus, readModelStream('registry'), subject)).slice(-1);
  await running.operator.commands.call(COMMANDS.registry.agentRevoke, ref);
  await replay(bus, active);
  expect(await submit(some)).toMatchObject({ state: 'DENIED' });
  signalService(running, 'registry', 'SIGKILL');
  await sleep(300);
  await untilReady(running, 'registry');
  expect(await submit(some)).toMatchObject({ state: 'DENIED' });
  expect(some.handled).toEqual([]);
});

it('ticks of a registry that stands still: its read model is stale to everybody', async () => {
  const bus = await thief('registry');
  const subject = readModelSubject('registry', TICK_KEY);
  signalService(running, 'registry', 'SIGSTOP');
  try {
    const [tick] = (await recorded(bus, readModelStream('registry'), subject)).slice(-1);
    for (let i = 0; i < 10; i += 1) {
      await replay(bus, tick === undefined ? [] : [tick]);
      await sleep(500);
    }
    await replay(bus, tick === undefined ? [] : [tick]);
    const response = await fetch(`${running.system.run.services['policy']?.health ?? ''}/ready`);
    expect(await response.json()).toMatchObject({ ready: false, missing: ['read model registry'] });
  } finally {
    signalService(running, 'registry', 'SIGCONT');
    await untilReady(running, 'registry');
    await untilReady(running, 'policy');
  }
});

it('replies: a thief who answers in place of dispatcher or registry is not believed, nor are the keys that he offers', async () => {
  const some = await pair();
  const heard: string[] = [];
  const agent = await connect(some.org.credentialOf('client'), {
    onUntrusted: ({ subject }) => void heard.push(subject),
  });
  const mine = SigningKey.generate('installation');
  const key = strangersKey('registry');
  const year = { notBefore: '2020-01-01T00:00:00.000Z', notAfter: '2100-01-01T00:00:00.000Z' };
  const trustBundle = sealTrustBundle(mine, {
    v: 1,
    version: 99,
    keys: [{ kid: key.kid, service: 'registry', publicKey: toBase64Url(key.publicKey), ...year }],
  });
  const lies = {
    registry: ['agt.*.*.peers.list', { connections: [], trustBundle }],
    dispatcher: ['agt.*.*.status.*', { data: { state: 'COMPLETED', parts: [{ text: 'a lie' }] } }],
  } as const;
  for (const service of ['registry', 'dispatcher'] as const) {
    const bus = await thief(service);
    const [subject, lie] = lies[service];
    const reply = utf8(JSON.stringify(lie));
    const listening = bus.nc.subscribe(subject, {
      callback: (_error, message) =>
        void message.respond(reply, {
          headers: signedHeaders(signReply(key, { subject: message.subject, request: message.data, reply })),
        }),
    });
    await bus.nc.flush();
    signalService(running, service, 'SIGSTOP');
    try {
      const asked = service === 'registry' ? agent.peers() : agent.status(newId());
      await expect(asked).rejects.toMatchObject({ code: 'TEMPORARILY_UNAVAILABLE' });
    } finally {
      listening.unsubscribe();
      signalService(running, service, 'SIGCONT');
      await untilReady(running, service);
    }
  }
  expect(heard.map((subject) => subject.split('.')[3])).toEqual(['peers', 'status']);
  expect((await agent.peers()).length).toBe(1);
  await agent.close();
});
