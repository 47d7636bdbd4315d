import type { JsMsg } from '@nats-io/jetstream';
import { expect, it } from '@jest/globals';
import type { Bus } from './bus.js';
import { DurableConsumer } from './durable-consumer.js';

/** A pull that a server has sent one more message to when it ends. */
class EndingPull {
  readonly told: string[] = [];
  readonly sub = {
    drain: async (): Promise<void> => {
      await Promise.resolve();
      this.deliver('on its way');
      this.told.push('drained');
    },
  };
  #callback: (message: JsMsg) => void = () => undefined;

  readonly bus = {
    js: {
      consumers: {
        get: async () => ({
          consume: async ({ callback }: { readonly callback: (message: JsMsg) => void }) => {
            this.#callback = callback;
            return this;
          },
        }),
      },
    },
  } as unknown as Bus;

  async *status(): AsyncIterable<never> {}

  stop(): void {
    this.told.push('stopped');
  }

  deliver(name: string): void {
    const tell = (what: string) => () => void this.told.push(`${what} ${name}`);
    this.#callback({ ack: tell('ack'), nak: tell('nak'), working: tell('working') } as unknown as JsMsg);
  }
}

it('a durable consumer that closes finishes its batch and gives back at once what was on its way to it', async () => {
  const pull = new EndingPull();
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const consumer = await DurableConsumer.open(pull.bus, {
    stream: 'ING',
    durable: 'policy-ing',
    handle: async (batch) => {
      await held;
      for (const message of batch) message.ack();
    },
    onError: () => undefined,
  });
  pull.deliver('in work');
  await new Promise((resolve) => setImmediate(resolve));
  const closed = consumer.close();
  await new Promise((resolve) => setImmediate(resolve));
  release();
  await closed;
  expect(pull.told).toEqual(['drained', 'stopped', 'ack in work', 'nak on its way']);
});
