import type { ConsumerConfig, JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import { consumerSpecs, streamSpecs, type Capacity, type ConsumerSpec, type StreamSpec } from '@countersign/contracts';
import { ProvisioningMismatch } from './errors.js';

const NANOS = 1_000_000;
/** Smallest the server takes. */
const DUPLICATE_WINDOW_NANOS = 100 * NANOS;

/** The stream as the server has to hold it; every flag that could be used against it is named, none is left to a default. */
function wantedStream(spec: StreamSpec, replicas: number): Partial<StreamConfig> & { readonly name: string } {
  return {
    name: spec.name,
    subjects: [...spec.subjects],
    retention: 'limits',
    storage: 'file',
    num_replicas: replicas,
    discard: spec.discard,
    discard_new_per_subject: spec.discardNewPerSubject,
    max_msgs_per_subject: spec.maxPerSubject,
    max_age: spec.maxAgeMs * NANOS,
    max_msg_size: spec.maxMessageBytes,
    max_msgs: spec.maxMessages,
    max_bytes: spec.maxBytes,
    duplicate_window: DUPLICATE_WINDOW_NANOS,
    allow_direct: false,
    mirror_direct: false,
    allow_rollup_hdrs: false,
    deny_delete: true,
    deny_purge: true,
    allow_msg_ttl: false,
    allow_msg_schedules: false,
    allow_msg_counter: false,
    allow_atomic: false,
    sealed: false,
  };
}

function wantedConsumer(spec: ConsumerSpec): Partial<ConsumerConfig> & { readonly durable_name: string } {
  return {
    durable_name: spec.durable,
    ack_policy: 'explicit',
    deliver_policy: 'all',
    replay_policy: 'instant',
    ack_wait: spec.ackWaitMs * NANOS,
    max_deliver: -1,
    max_ack_pending: spec.maxAckPending,
    filter_subjects: [...spec.filters],
  };
}

/** Creates what is missing and compares all of it with what the server says it holds: an old server drops flags it does not know in silence, and a flag that nobody asked for has to be off. Throws {@link ProvisioningMismatch}. */
export async function provision(jsm: JetStreamManager, capacity: Capacity): Promise<void> {
  for (const spec of streamSpecs(capacity)) {
    const wanted = wantedStream(spec, capacity.replicas);
    const info = await jsm.streams.info(spec.name).catch(() => jsm.streams.add(wanted));
    compare(`stream ${spec.name}`, wanted, info.config);
  }
  for (const spec of consumerSpecs()) {
    const wanted = wantedConsumer(spec);
    const info = await jsm.consumers
      .info(spec.stream, spec.durable)
      .catch(() => jsm.consumers.add(spec.stream, wanted));
    const { filter_subject: one, ...config } = info.config;
    compare(`consumer ${spec.durable} of ${spec.stream}`, wanted, {
      ...config,
      filter_subjects: config.filter_subjects ?? (one === undefined ? [] : [one]),
    });
  }
}

/** What a server may say beside the flags wanted: none of it changes what is stored, who may write or who hears of it. */
const HARMLESS = ['name', 'description', 'metadata', 'placement', 'compression', 'max_consumers', 'max_waiting'];
/** A consumer's replicas are those of its stream. */
const HARMLESS_OF_CONSUMER = [...HARMLESS, 'num_replicas'];

function compare(what: string, wanted: object, found: object): void {
  const held = new Map(Object.entries(found));
  const mismatch = (flag: string, want: unknown, have: unknown): ProvisioningMismatch =>
    new ProvisioningMismatch(
      `${what}: ${flag} must be ${JSON.stringify(want)}, the server holds ${JSON.stringify(have)}`,
    );
  for (const [flag, want] of Object.entries(wanted)) {
    // the server leaves flags that are off out of its answer
    const have: unknown = held.get(flag) ?? (want === false ? false : undefined);
    if (JSON.stringify(have) !== JSON.stringify(want)) throw mismatch(flag, want, have);
    held.delete(flag);
  }
  for (const flag of 'durable_name' in wanted ? HARMLESS_OF_CONSUMER : HARMLESS) held.delete(flag);
  for (const [flag, have] of held) if (!isOff(have)) throw mismatch(flag, 'off', have);
}

/** Whether a flag that nobody asked for does nothing. */
function isOff(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === false || value === 0 || value === '';
}
