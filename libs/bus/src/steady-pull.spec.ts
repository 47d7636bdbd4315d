import type { Consumer, JsMsg } from '@nats-io/jetstream';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { Bus } from './bus.js';
import { SteadyPull } from './steady-pull.js';

const BEAT_MS = 1_000;

/** A consumer as the client hands it out, with a server that says only what the test says. */
class FakeConsumer {
  stopped = false;
  deleted = false;
  #callback: (message: JsMsg) => void = () => undefined;
  #heard: (() => void) | undefined;

  consume({ callback }: { readonly callback: (message: JsMsg) => void }): Promise<this> {
    this.#callback = callback;
    return Promise.resolve(this);
  }

  async *status(): AsyncIterable<{ readonly type: string }> {
    for (;;) {
      await new Promise<void>((resolve) => (this.#heard = resolve));
      yield { type: 'heartbeat' };
    }
  }

  beat(): void {
    this.#heard?.();
  }

  deliver(seq: number): void {
    if (!this.stopped) this.#callback({ seq } as JsMsg);
  }

  stop(): void {
    this.stopped = true;
  }

  close(): Promise<void> {
    this.stopped = true;
    return Promise.resolve();
  }

  delete(): Promise<boolean> {
    this.deleted = true;
    return Promise.resolve(true);
  }
}

/** Opens a pull over consumers made one after the other. */
async function opened({
  ephemeral = true,
  answer = (consumer: FakeConsumer) => Promise.resolve(consumer),
}: {
  readonly ephemeral?: boolean;
  /** How the server answers when it is asked for the consumer of this ordinal, from 1. */
  readonly answer?: (consumer: FakeConsumer, ordinal: number) => Promise<FakeConsumer>;
} = {}): Promise<{
  readonly pull: SteadyPull;
  readonly made: readonly FakeConsumer[];
  readonly taken: readonly number[];
  readonly silences: readonly string[];
}> {
  const made: FakeConsumer[] = [];
  const taken: number[] = [];
  const silences: string[] = [];
  const pull = await SteadyPull.open({
    bus: { noteSilence: (stream: string) => silences.push(stream) } as unknown as Bus,
    stream: 'FLOW',
    consumer: async () => {
      const consumer = new FakeConsumer();
      made.push(consumer);
      return (await answer(consumer, made.length)) as unknown as Consumer;
    },
    ephemeral,
    maxMessages: 10,
    expiresMs: 30_000,
    heartbeatMs: BEAT_MS,
    onMessage: ({ seq }) => taken.push(seq),
  });
  return { pull, made, taken, silences };
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const beats = (count: number): Promise<void> => jest.advanceTimersByTimeAsync(count * BEAT_MS);

it('a consumer without a heartbeat is replaced, and what the new one brings is taken', async () => {
  const { made, taken, silences } = await opened();
  made[0]?.deliver(1);
  await beats(5);
  expect(made.map(({ stopped, deleted }) => ({ stopped, deleted }))).toEqual([
    { stopped: true, deleted: true },
    { stopped: false, deleted: false },
  ]);
  made[1]?.deliver(2);
  expect({ taken, silences }).toEqual({ taken: [1, 2], silences: ['FLOW'] });
});

it.each([
  ['heartbeats', (consumer: FakeConsumer) => consumer.beat()],
  ['messages', (consumer: FakeConsumer) => consumer.deliver(1)],
])('%s keep a consumer', async (_what, sign) => {
  const { made } = await opened();
  for (let i = 0; i < 20; i += 1) {
    await beats(1);
    if (made[0] !== undefined) sign(made[0]);
  }
  expect(made.map(({ stopped }) => stopped)).toEqual([false]);
});

it('a durable consumer is found again and never deleted', async () => {
  const { made, pull } = await opened({ ephemeral: false });
  await beats(5);
  await pull.close();
  expect(made.map(({ stopped, deleted }) => ({ stopped, deleted }))).toEqual([
    { stopped: true, deleted: false },
    { stopped: true, deleted: false },
  ]);
});

it('as long as nobody answers it asks again', async () => {
  const { made, silences } = await opened({
    answer: (consumer, ordinal) =>
      ordinal > 1 && ordinal < 5 ? Promise.reject(new Error('unavailable')) : Promise.resolve(consumer),
  });
  await beats(7);
  expect({ made: made.length, silences }).toEqual({ made: 4, silences: [] });
  await beats(1);
  expect({ made: made.length, silences }).toEqual({ made: 5, silences: ['FLOW'] });
});

it.each(['speaks again', 'is closed'])('the new consumer is given up when the old one %s meanwhile', async (what) => {
  let answerNow = (): void => undefined;
  const { made, pull, taken } = await opened({
    answer: (consumer, ordinal) =>
      ordinal === 1 ? Promise.resolve(consumer) : new Promise((resolve) => (answerNow = () => resolve(consumer))),
  });
  await beats(5);
  if (what === 'is closed') await pull.close();
  else made[0]?.deliver(1);
  answerNow();
  await beats(1);
  expect({ deleted: made.map(({ deleted }) => deleted), taken }).toEqual({
    deleted: [false, true],
    taken: what === 'is closed' ? [] : [1],
  });
});
