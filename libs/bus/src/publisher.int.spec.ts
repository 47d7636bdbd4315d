import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { headers, type Msg } from '@nats-io/transport-node';
import { testNats, type TestNats } from '@countersign/testing';
import type { Bus } from './bus.js';
import { PublishRefused, PublishTimeout } from './errors.js';
import { Publisher } from './publisher.js';

jest.setTimeout(60_000);

const VERDICTS = 'flow.0.vd.policy';
/** Somebody hears it, no stream takes it: what is published here is acknowledged only when the test does. */
const UNANSWERED = 'adm.dispatcher.tasks';
const BODY = Buffer.from('{}');
let nats: TestNats;
let policy: Bus;
let budget: Bus;
let heard: Msg[];

beforeAll(async () => {
  nats = await testNats();
  [policy, budget] = [await nats.connect('policy'), await nats.connect('budget')];
  const dispatcher = await nats.connect('dispatcher');
  heard = [];
  dispatcher.nc.subscribe(UNANSWERED, { callback: (_error, message) => void heard.push(message) });
  await dispatcher.nc.flush();
});
afterAll(() => nats.stop());

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 300 && !holds(); i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(holds()).toBe(true);
}
const refusal = async (published: Promise<unknown>): Promise<unknown> =>
  published.then(String, (error: unknown) => error);

describe('a publisher', () => {
  it('answers where a message stands, each with its own', async () => {
    const publisher = new Publisher(policy);
    const acks = await Promise.all(Array.from({ length: 50 }, () => publisher.publish(VERDICTS, BODY)));
    expect(new Set(acks.map(({ stream }) => stream))).toEqual(new Set(['FLOW']));
    expect(new Set(acks.map(({ seq }) => seq)).size).toBe(50);
  });

  it('does not know whether a message was stored when its acknowledgement is lost', async () => {
    const error = await refusal(new Publisher(budget, { timeoutMs: 100 }).publish(UNANSWERED, BODY));
    expect(error).toBeInstanceOf(PublishTimeout);
    expect(error).toMatchObject({ code: 'PUBLISH_TIMEOUT', subject: UNANSWERED });
  });

  it('takes a message id that somebody else used for an error, not for an acknowledgement', async () => {
    const publisher = new Publisher(policy);
    const twice = headers();
    twice.set('Nats-Msg-Id', 'once');
    const both = [publisher.publish(VERDICTS, BODY, twice), publisher.publish(VERDICTS, BODY, twice)];
    const outcomes = await Promise.all(both.map(refusal));
    const errors = outcomes.filter((outcome) => outcome instanceof PublishRefused);
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('it was taken for a duplicate')]);
  });

  it('tells the number of a refusal: another last sequence, a subject that is full, no stream at all', async () => {
    const guardrails = new Publisher(await nats.connect('guardrails'));
    const expecting = headers();
    expecting.set('Nats-Expected-Last-Subject-Sequence', '4711');
    expect(await refusal(guardrails.publish('$KV.CFG_guardrails.x', BODY, expecting))).toMatchObject({
      errCode: 10071,
    });
    await guardrails.publish('body.once', BODY);
    expect(await refusal(guardrails.publish('body.once', BODY))).toMatchObject({ errCode: 10077 });
    const registry = new Publisher(await nats.connect('registry'));
    expect(await refusal(registry.publish('adm.dispatcher.block', BODY))).toMatchObject({ errCode: 503 });
  });

  it.each(['', 'garbage', '{}', '{"stream":"FLOW"}', '{"stream":"FLOW","seq":0}', '[]'])(
    'ends with an error when the acknowledgement reads %p',
    async (text) => {
      heard = [];
      const published = refusal(new Publisher(budget, { timeoutMs: 60_000 }).publish(UNANSWERED, BODY));
      await until(() => heard.length === 1);
      heard[0]?.respond(text);
      expect(await published).toMatchObject({ code: 'PUBLISH_REFUSED', errCode: 0 });
    },
  );

  it('has no more messages outstanding than its window, and goes on as soon as one is settled', async () => {
    heard = [];
    const publisher = new Publisher(budget, { window: 3, timeoutMs: 60_000 });
    const published = Array.from({ length: 5 }, (_, i) => publisher.publish(UNANSWERED, Buffer.from(String(i))));
    await until(() => heard.length === 3);
    await budget.nc.flush();
    expect(heard.map((message) => message.string())).toEqual(['0', '1', '2']);
    heard[1]?.respond('{"stream":"S","seq":7}');
    expect(await published[1]).toEqual({ stream: 'S', seq: 7 });
    await until(() => heard.length === 4);
    let flushed = false;
    const flush = publisher.flush().then(() => (flushed = true));
    heard[0]?.respond('{"stream":"S","seq":1}');
    await until(() => heard.length === 5);
    expect(flushed).toBe(false);
    for (const i of [2, 3, 4]) heard[i]?.respond('{"stream":"S","seq":1}');
    await flush;
    expect(await Promise.all(published)).toHaveLength(5);
  });

  it('does not keep the place of a message that could not even be sent', async () => {
    const publisher = new Publisher(policy, { window: 1, timeoutMs: 60_000 });
    expect(await refusal(publisher.publish(VERDICTS, Buffer.alloc(2_000_000)))).toBeInstanceOf(Error);
    await publisher.flush();
    expect(await publisher.publish(VERDICTS, BODY)).toMatchObject({ stream: 'FLOW' });
  });
});
