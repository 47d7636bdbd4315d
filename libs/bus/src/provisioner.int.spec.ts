import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { JetStreamManager } from '@nats-io/jetstream';
import { consumerSpecs, streamSpecs, type Capacity } from '@countersign/contracts';
import { testNats, type TestNats } from '@countersign/testing';
import { ProvisioningMismatch } from './errors.js';
import { provision } from './provisioner.js';

jest.setTimeout(60_000);

const CAPACITY: Capacity = { messages: 20_000, bytes: 16 * 1024 ** 2, replicas: 1 };
let nats: TestNats;
let jsm: JetStreamManager;

beforeAll(async () => {
  nats = await testNats();
  const bus = await (nats.connect as (user: string) => ReturnType<TestNats['connect']>)('provisioner');
  jsm = bus.jsm;
});
afterAll(() => nats.stop());

type Config = Readonly<Record<string, unknown>>;
/** The server's own answers, with one flag of one stream or consumer as it would stand if somebody had changed it. */
function answering(where: { readonly stream?: string; readonly durable?: string }, changes: Config): JetStreamManager {
  const changed = <T extends { config: object }>(info: T, hit: boolean): T =>
    hit ? { ...info, config: { ...info.config, ...changes } } : info;
  return {
    streams: {
      info: async (name: string) => changed(await jsm.streams.info(name), name === where.stream),
      add: () => Promise.reject(new Error('nothing is missing')),
    },
    consumers: {
      info: async (stream: string, durable: string) =>
        changed(await jsm.consumers.info(stream, durable), durable === where.durable),
      add: () => Promise.reject(new Error('nothing is missing')),
    },
  } as unknown as JetStreamManager;
}
const outcome = async (asked: JetStreamManager): Promise<string> =>
  provision(asked, CAPACITY).then(
    () => 'accepted',
    (error: unknown) => (error instanceof ProvisioningMismatch ? error.message : `other: ${String(error)}`),
  );

const CHANGED_FLAGS: Config = {
  subjects: ['ing.>', 'rnd.>', 'flow.>'],
  retention: 'workqueue',
  storage: 'memory',
  num_replicas: 3,
  discard: 'old',
  discard_new_per_subject: false,
  max_msgs_per_subject: 2,
  max_age: 1_000_000_000,
  max_msg_size: 1_048_576,
  max_msgs: -1,
  max_bytes: -1,
  duplicate_window: 120_000_000_000,
  allow_direct: true,
  mirror_direct: true,
  allow_rollup_hdrs: true,
  deny_delete: false,
  deny_purge: false,
  allow_msg_ttl: true,
  allow_msg_schedules: true,
  allow_msg_counter: true,
  allow_atomic: true,
  allow_batched: true,
  sealed: true,
  no_ack: true,
  persist_mode: 'async',
  mirror: { name: 'OTHER' },
  sources: [{ name: 'OTHER' }],
  republish: { src: '>', dest: 'flow.0.vd.policy' },
  subject_transform: { src: 'rnd.>', dest: 'ing.>' },
  subject_delete_marker_ttl: 1_000_000_000,
  a_flag_of_a_later_server: true,
};
const CHANGED_CONSUMER: Config = {
  ack_policy: 'none',
  deliver_policy: 'new',
  replay_policy: 'original',
  ack_wait: 60_000_000_000,
  max_deliver: 1,
  max_ack_pending: 1,
  filter_subjects: ['ing.>'],
  deliver_subject: 'flow.0.vd.policy',
  headers_only: true,
  pause_until: '2100-01-01T00:00:00Z',
  backoff: [1_000_000_000],
  inactive_threshold: 1_000_000_000,
  priority_groups: ['one'],
};

describe('the provisioner', () => {
  it('finds its own work right, every time', async () => {
    expect(await outcome(jsm)).toBe('accepted');
    expect(await outcome(answering({}, {}))).toBe('accepted');
  });

  it.each(Object.keys(CHANGED_FLAGS))('refuses a stream whose %s was changed, by its name', async (flag) => {
    const found = await outcome(answering({ stream: 'ING' }, { [flag]: CHANGED_FLAGS[flag] }));
    expect(found).toMatch(new RegExp(`^stream ING: ${flag} `));
  });

  it.each(['deny_delete', 'deny_purge', 'discard_new_per_subject'])(
    'refuses a server that dropped %s in silence',
    async (flag) => {
      const found = await outcome(answering({ stream: 'BODY' }, { [flag]: undefined }));
      expect(found).toMatch(new RegExp(`^stream BODY: ${flag} `));
    },
  );

  it('looks at every stream and every consumer', async () => {
    for (const { name } of streamSpecs(CAPACITY))
      expect(await outcome(answering({ stream: name }, { allow_rollup_hdrs: true }))).toContain(`stream ${name}:`);
    for (const { durable } of consumerSpecs())
      expect(await outcome(answering({ durable }, { ack_policy: 'all' }))).toContain(`consumer ${durable} of`);
  });

  it.each(Object.keys(CHANGED_CONSUMER))('refuses a consumer whose %s was changed, by its name', async (flag) => {
    const found = await outcome(answering({ durable: 'policy-ing' }, { [flag]: CHANGED_CONSUMER[flag] }));
    expect(found).toMatch(new RegExp(`^consumer policy-ing of ING: ${flag} `));
  });

  it('refuses what really stands on the server, when an installation asks for another size', async () => {
    await expect(provision(jsm, { ...CAPACITY, messages: 1 })).rejects.toThrow(/stream ING: max_msgs must be 1/);
  });
});
