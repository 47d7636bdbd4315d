import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { JsMsg } from '@nats-io/jetstream';
import { durableName } from '@countersign/contracts';
import type { Bus } from '@countersign/bus';
import { FixedClock, silentLogger, testNats, type TestNats } from '@countersign/testing';
import { TransitionLag } from './transition-lag.js';

jest.setTimeout(60_000);

let nats: TestNats;
let [trust, dispatcher]: [Bus, Bus] = [] as never;

beforeAll(async () => {
  nats = await testNats();
  [trust, dispatcher] = [await nats.connect('trust'), await nats.connect('dispatcher')];
});
afterAll(() => nats?.stop());

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 300 && !(await holds()); i += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await holds()).toBe(true);
}

describe('the lag behind the transitions', () => {
  it('counts from what is acknowledged, by the server’s own word and with the permissions of trust', async () => {
    const clock = new FixedClock();
    const lag = new TransitionLag(trust, clock, silentLogger('trust'));
    const at = async (ms: number): Promise<number> => {
      clock.set(ms);
      await lag.look();
      return lag.heardUntil;
    };
    expect(await at(1_000)).toBe(1_000);

    await dispatcher.js.publish('flow.0.dec', Buffer.from('a'));
    expect(await at(70_000)).toBe(1_000);

    const held: JsMsg[] = [];
    const consumer = await trust.js.consumers.get('FLOW', durableName('trust', 'dec'));
    const messages = await consumer.consume({ callback: (message) => void held.push(message) });
    await until(async () => held.length === 1);
    expect(await at(71_000)).toBe(1_000);

    held[0]?.ack();
    await until(async () => (await at(72_000)) === 72_000);
    await messages.close();
  });

  it('proves nothing when the server does not answer', async () => {
    const lag = new TransitionLag(await nats.connect('trust'), new FixedClock(), silentLogger('trust'));
    nats.kill();
    await lag.look();
    expect(lag.heardUntil).toBe(Number.NEGATIVE_INFINITY);
  });
});
