import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { headers } from '@nats-io/transport-node';
import { formatInstant, sha256, SystemClock, SystemRandom } from '@countersign/primitives';
import {
  encodeRound,
  PURPOSES,
  roundSubject,
  transitionItemSchema,
  verdictItemSchema,
  type TaskKey,
} from '@countersign/contracts';
import type { SigningKey } from '@countersign/identity';
import { aSubmission, aTaskKey, testKeys, testNats, type TestNats } from '@countersign/testing';
import type { Bus } from './bus.js';
import { BusStrategy, type BusStrategyOptions } from './bus-strategy.js';
import { DependencyUnavailable } from './errors.js';
import { FrameReader } from './frame-reader.js';
import { FrameWriter } from './frame-writer.js';
import { denial, type Judgement } from './judgement.js';
import { PATTERN } from './patterns.js';
import { Publisher, signedHeaders } from './publisher.js';
import { StreamReader } from './stream-reader.js';
import type { TaskMessage } from './task-message.js';

jest.setTimeout(60_000);

const keys = testKeys();
const clock = new SystemClock();
const random = new SystemRandom();
const APPROVE: Judgement = { decision: 'APPROVE', codes: [] };
let nats: TestNats;
let policy: Bus;
let dispatcher: Bus;
let publisher: Publisher;
let rounds: Publisher;
let strategy: BusStrategy;
let verdicts: { readonly task: string; readonly decision: string; readonly codes: readonly string[] }[];
let reader: StreamReader;
let told: { invalid: string[]; errors: unknown[] };

beforeAll(async () => {
  nats = await testNats();
  [policy, dispatcher] = [await nats.connect('policy'), await nats.connect('dispatcher')];
  [publisher, rounds] = [new Publisher(policy, { timeoutMs: 400 }), new Publisher(dispatcher)];
  const frames = new FrameReader({ bundle: keys.bundle, onInvalid: () => undefined });
  reader = await StreamReader.open({
    bus: dispatcher,
    stream: 'FLOW',
    filters: ['flow.*.vd.policy'],
    startSequence: 1,
    onMessage: (message) => {
      for (const { item } of frames.read(message, verdictItemSchema))
        verdicts.push({ task: item.task.id, decision: item.decision, codes: item.codes.map(({ code }) => code) });
    },
  });
});
afterAll(async () => {
  await reader.close();
  await nats.stop();
});
beforeEach(() => {
  verdicts = [];
  told = { invalid: [], errors: [] };
});
afterEach(() => strategy.close());

const writerWith = (key: SigningKey): FrameWriter => new FrameWriter({ publisher, key, clock, lanes: 1 });
type Judging = (tasks: readonly TaskMessage[]) => Promise<readonly (Judgement | null)[]>;
async function listen(judge: Judging, options: Partial<BusStrategyOptions> = {}): Promise<void> {
  strategy = new BusStrategy({
    bus: policy,
    bundle: keys.bundle,
    key: keys.keyOf('policy'),
    clock,
    random,
    frameWriter: writerWith(keys.keyOf('policy')),
    frameReader: new FrameReader({ bundle: keys.bundle, onInvalid: () => undefined }),
    models: [],
    events: {
      invalid: ({ failure }) => told.invalid.push(failure),
      error: (error) => told.errors.push(error),
    },
    ...options,
  });
  strategy.addHandler(PATTERN.judge, judge as never, true);
  await new Promise<void>((resolve, reject) =>
    strategy.listen((error) =>
      error === undefined ? resolve() : reject(new Error('not listening', { cause: error })),
    ),
  );
}
/** A second round of a new task: the only message of ING that a service may publish. */
async function submit(signer = keys.keyOf('dispatcher'), before?: (task: string) => void): Promise<TaskKey> {
  const { key, body, digest } = aSubmission({ key: aTaskKey({ at: Date.now() }) });
  const head = { v: 1 as const, task: key.task, attempt: 1, round: 2, digest, connection: key.agent, covered: [] };
  const message = encodeRound({ ...head, at: formatInstant(Date.now()) }, body);
  const subject = roundSubject(key, 1, 2);
  before?.(key.task);
  await rounds.publish(subject, message, signedHeaders(signer.sign(PURPOSES.round, subject, sha256(message))));
  return key;
}
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400 && !(await holds()); i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await holds()).toBe(true);
}
async function consumer(): Promise<{ readonly floor: number; readonly pending: number; readonly waiting: number }> {
  const { ack_floor, num_ack_pending, num_pending } = await policy.jsm.consumers.info('ING', 'policy-ing');
  return { floor: ack_floor.stream_seq, pending: num_ack_pending, waiting: num_pending };
}
const settled = async (): Promise<boolean> => {
  const { pending, waiting } = await consumer();
  return pending === 0 && waiting === 0;
};

describe('a control on the bus', () => {
  it('takes no task before it is able to judge: another replica may be', async () => {
    let able = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (able = resolve));
    const listening = listen((tasks) => Promise.resolve(tasks.map(() => APPROVE)), {
      untilAbleToJudge: () => waiting,
    });
    await submit();
    await until(async () => (await consumer()).waiting === 1);
    expect([(await consumer()).pending, verdicts]).toEqual([0, []]);
    able();
    await listening;
    await until(() => verdicts.length === 1);
    await until(settled);
  });

  it('takes no task when it was closed before it was able to judge', async () => {
    let able = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (able = resolve));
    const listening = listen(() => Promise.reject(new Error('asked')), { untilAbleToJudge: () => waiting });
    await strategy.close();
    able();
    await listening;
    await submit();
    await until(async () => (await consumer()).waiting === 1);
    expect(told.errors).toEqual([]);
    await listen((tasks) => Promise.resolve(tasks.map(() => APPROVE)));
    await until(() => verdicts.length === 1);
    await until(settled);
  });

  it('gives one verdict a task and acknowledges after it', async () => {
    await listen((tasks) => Promise.resolve(tasks.map(() => APPROVE)));
    const submitted = await Promise.all(Array.from({ length: 100 }, () => submit()));
    await until(() => verdicts.length === 100);
    await until(settled);
    expect(new Set(verdicts.map(({ task }) => task))).toEqual(new Set(submitted.map(({ task }) => task)));
  });

  it('acknowledges nothing while the frame of its verdicts is not stored, and judges again', async () => {
    let good = false;
    let judged = 0;
    // the server refuses a frame on the subject of another control, and no acknowledgement ever comes
    const lost = writerWith(keys.keyOf('trust'));
    const stored = writerWith(keys.keyOf('policy'));
    const frameWriter = {
      write: (...asked: Parameters<FrameWriter['write']>) => (good ? stored : lost).write(...asked),
    };
    const before = (await consumer()).floor;
    await listen((tasks) => ((judged += 1), Promise.resolve(tasks.map(() => APPROVE))), {
      frameWriter: frameWriter as FrameWriter,
    });
    const { task } = await submit();
    await until(() => told.errors.length > 0);
    expect(told.errors[0]).toMatchObject({ code: 'PUBLISH_TIMEOUT' });
    expect(await consumer()).toMatchObject({ floor: before, pending: 1 });
    expect(verdicts).toEqual([]);
    good = true;
    await until(() => verdicts.length === 1);
    await until(settled);
    expect(verdicts[0]?.task).toBe(task);
    expect(judged).toBeGreaterThan(1);
  });

  it('denies what it alone fails on, and approves its neighbours in the batch', async () => {
    const bad = new Set<string>();
    await listen((tasks) => {
      if (tasks.some(({ key }) => bad.has(key.task))) return Promise.reject(new Error('cannot judge'));
      return Promise.resolve(tasks.map(() => APPROVE));
    });
    const poisoned = submit(keys.keyOf('dispatcher'), (task) => bad.add(task));
    await Promise.all(Array.from({ length: 20 }, () => submit()));
    const { task: poison } = await poisoned;
    await until(() => verdicts.some(({ task }) => task === poison));
    expect(verdicts.filter(({ decision }) => decision === 'DENY')).toEqual([
      { task: poison, decision: 'DENY', codes: ['CONTROL_ERROR'] },
    ]);
    await until(() => verdicts.length === 21);
    await until(settled);
  });

  it('gives a task back while what it depends on is down, and judges it when that is there again', async () => {
    let down = true;
    await listen((tasks) =>
      down ? Promise.reject(new DependencyUnavailable('postgresql')) : Promise.resolve(tasks.map(() => APPROVE)),
    );
    await submit();
    await until(() => told.errors.length > 1);
    expect(verdicts).toEqual([]);
    expect((await consumer()).pending).toBe(1);
    down = false;
    await until(() => verdicts.length === 1);
    expect(verdicts[0]?.decision).toBe('APPROVE');
    await until(settled);
  });

  it('denies while a read model is stale, without asking its judge', async () => {
    const models = [{ name: 'registry', fresh: () => false, stalenessMs: () => Infinity }];
    await listen(() => Promise.reject(new Error('asked')), { models });
    await submit();
    await until(() => verdicts.length === 1);
    expect(verdicts[0]).toMatchObject({ decision: 'DENY', codes: ['CONTROL_ERROR'] });
    expect(told.errors).toEqual([]);
    await until(settled);
  });

  it('denies the tasks on which its judge says nothing, never approves them', async () => {
    await listen(() => Promise.resolve([]));
    await submit();
    await until(() => verdicts.length === 1);
    expect(verdicts[0]).toMatchObject({ decision: 'DENY', codes: ['CONTROL_ERROR'] });
    await until(settled);
  });

  it('can drain the pull of the client in use, whose type does not say so', async () => {
    const found = await policy.js.consumers.get('ING', 'policy-ing');
    const messages = await found.consume({ callback: () => undefined });
    expect(messages).toMatchObject({ sub: { drain: expect.any(Function) as unknown } });
    messages.stop();
    await listen((tasks) => Promise.resolve(tasks.map(() => APPROVE)));
  });

  it('never judges a round that the dispatcher did not sign, and tells of it', async () => {
    await listen((tasks) => Promise.resolve(tasks.map(() => denial({ code: 'CONTROL_ERROR' }))));
    await submit(keys.keyOf('audit'));
    await until(() => told.invalid.length === 1);
    expect(told.invalid).toEqual(['wrong-signer']);
    await until(settled);
    expect(verdicts).toEqual([]);
  });

  it('finishes the batch in work when it is closed and gives back what it never began', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const seen: string[] = [];
    await listen(async (tasks) => {
      seen.push(...tasks.map(({ key }) => key.task));
      await held;
      return tasks.map(() => APPROVE);
    });
    const first = await submit();
    await until(() => seen.length === 1);
    const second = await submit();
    await until(async () => (await consumer()).pending === 2);
    const closed = strategy.close();
    release();
    await closed;
    await until(() => verdicts.length === 1);
    expect(verdicts[0]?.task).toBe(first.task);
    await listen((tasks) => Promise.resolve(tasks.map(() => APPROVE)));
    await until(() => verdicts.length === 2);
    expect(verdicts[1]?.task).toBe(second.task);
    await until(settled);
  });
});

describe('a frame reader on the bus', () => {
  it('counts no frame of another sender, of a changed subject, or with a repeated header', async () => {
    await listen((tasks) => Promise.resolve(tasks.map(() => APPROVE)));
    const failures: string[] = [];
    const frames = new FrameReader({ bundle: keys.bundle, onInvalid: ({ failure }) => failures.push(failure) });
    const items: unknown[] = [];
    const flow = await StreamReader.open({
      bus: dispatcher,
      stream: 'FLOW',
      filters: ['flow.0.dec'],
      startSequence: 1,
      onMessage: (message) => items.push(...frames.read(message, transitionItemSchema)),
    });
    const subject = 'flow.0.dec';
    const body = Buffer.from('{"v":1}\n{}');
    const twice = headers();
    for (const name of ['cs-kid', 'cs-sig']) for (const value of ['a', 'b']) twice.append(name, value);
    await rounds.publish(subject, body);
    await rounds.publish(subject, body, twice);
    for (const signer of ['audit', 'dispatcher'] as const)
      await rounds.publish(
        subject,
        body,
        signedHeaders(keys.keyOf(signer).sign(PURPOSES.frame, subject, sha256(body))),
      );
    await until(() => failures.length === 4);
    expect(failures).toEqual(['malformed', 'malformed', 'wrong-signer', 'signature']);
    expect(items).toEqual([]);
    await flow.close();
  });
});
