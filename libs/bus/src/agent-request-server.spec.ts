import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Msg } from '@nats-io/transport-node';
import { requestRefusalSchema } from '@countersign/contracts';
import { checkReply } from '@countersign/identity';
import { anAgent, anId, FixedClock, testKeys } from '@countersign/testing';
import { AgentRequestServer } from './agent-request-server.js';
import { signatureOf } from './messages.js';
import type { AgentRequest } from './patterns.js';

const keys = testKeys();
const LIMIT = 20;
const me = anAgent();

let now: number;
let handled: AgentRequest[];
let floods: string[];
let server: AgentRequestServer;
beforeEach(() => {
  [now, handled, floods] = [0, [], []];
  server = new AgentRequestServer({
    key: keys.keyOf('dispatcher'),
    limit: LIMIT,
    onFlood: ({ agent }) => floods.push(agent),
    now: () => now,
  });
});

/** Asks for the state of a task: what was answered and signed, or nothing. */
async function ask({ org, agent } = me, body: unknown = { nonce: 'AAAAAAAAAAA' }): Promise<unknown> {
  const subject = `agt.${org}.${agent}.status.${anId()}`;
  const data = Buffer.from(JSON.stringify(body));
  let said: unknown;
  const respond = (reply: Buffer, options: { readonly headers: Msg['headers'] }): boolean => {
    const signed = { subject, request: data, reply };
    const verifying = { signers: ['dispatcher'], at: new FixedClock().now() } as const;
    expect(checkReply(keys.bundle, signatureOf(options.headers), signed, verifying)).toMatchObject({ ok: true });
    said = JSON.parse(reply.toString('utf8'));
    return true;
  };
  await server.answer({ subject, data, respond } as unknown as Msg, async (asked) => {
    handled.push(asked);
    return { state: 'EVALUATING' };
  });
  return said;
}
const askedTimes = async (times: number, agent = me): Promise<readonly unknown[]> => {
  const said: unknown[] = [];
  for (let i = 0; i < times; i += 1) said.push(await ask(agent));
  return said;
};

describe('a request of an agent', () => {
  it('is answered up to the limit; the next one is refused, with when to come back, and reaches no handler', async () => {
    const said = await askedTimes(LIMIT + 1);
    expect(handled).toHaveLength(LIMIT);
    expect(said.slice(0, LIMIT)).toEqual(Array(LIMIT).fill({ state: 'EVALUATING' }));
    expect(requestRefusalSchema.parse(said.at(-1))).toMatchObject({
      ok: false,
      code: 'INTAKE_LIMITED',
      retryAfterMs: 500,
    });
    now = 500;
    expect(await ask()).toEqual({ state: 'EVALUATING' });
  });

  it('is met with silence after as many refusals, and an alert once a minute', async () => {
    const said = await askedTimes(5 * LIMIT);
    expect(said.filter((answer) => requestRefusalSchema.safeParse(answer).success)).toHaveLength(LIMIT);
    expect(said.slice(2 * LIMIT)).toEqual(Array(3 * LIMIT).fill(undefined));
    expect(floods).toEqual([me.agent]);
    now = 59_999;
    await askedTimes(5 * LIMIT);
    expect(floods).toEqual([me.agent]);
    now = 60_000;
    await askedTimes(1);
    expect(floods).toEqual([me.agent, me.agent]);
  });

  it('is not refused for what others ask', async () => {
    await askedTimes(5 * LIMIT);
    expect(await ask(anAgent())).toEqual({ state: 'EVALUATING' });
    expect(await ask({ ...me, org: anId() })).toEqual({ state: 'EVALUATING' });
  });

  it('without a nonce is answered by nobody, and counts', async () => {
    for (let i = 0; i < LIMIT; i += 1) expect(await ask(me, { nonce: 1 })).toBeUndefined();
    expect(handled).toEqual([]);
    expect(await ask()).toMatchObject({ code: 'INTAKE_LIMITED' });
  });
});
