import { CONTROLS, type Signer } from './identities.js';
import { MAX_FRAME_BYTES, MAX_MESSAGE_BYTES } from './limits.js';
import { READ_MODEL_OWNERS, readModelStream, type ReadModelOwner } from './read-models.js';

const HOUR_MS = 3_600_000;

/** One stream: what is stored, how long, how many messages a subject may hold. */
export interface StreamSpec {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly maxAgeMs: number;
  /** Messages of one subject; a further one is refused where {@link discardNewPerSubject} is set. */
  readonly maxPerSubject: number;
  readonly discardNewPerSubject: boolean;
  readonly discard: 'new' | 'old';
  readonly maxMessageBytes: number;
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** What an installation takes: both bound the streams, so that a full stream refuses and drops nothing. */
export interface Capacity {
  readonly messages: number;
  readonly bytes: number;
  readonly replicas: 1 | 3 | 5;
}

/** 139 tasks a second all day on one server. */
export const DEFAULT_CAPACITY: Capacity = { messages: 500_000, bytes: 1024 ** 3, replicas: 1 };

/** Every stream of an installation. None allows direct get, rollup, TTL, schedules, counters or atomic batches; all deny delete and purge. */
export function streamSpecs(capacity: Capacity = DEFAULT_CAPACITY): readonly StreamSpec[] {
  const { messages, bytes } = capacity;
  const once = {
    maxPerSubject: 1,
    discardNewPerSubject: true,
    discard: 'new',
    maxMessages: messages,
    maxBytes: bytes,
  } as const;
  const kv = (owner: ReadModelOwner): StreamSpec => ({
    name: readModelStream(owner),
    subjects: [`$KV.CFG_${owner}.>`],
    maxAgeMs: 0,
    maxPerSubject: 1,
    discardNewPerSubject: false,
    discard: 'new',
    maxMessageBytes: MAX_MESSAGE_BYTES,
    maxMessages: -1,
    maxBytes: bytes,
  });
  return [
    { name: 'ING', subjects: ['ing.>', 'rnd.>'], maxAgeMs: HOUR_MS, maxMessageBytes: MAX_MESSAGE_BYTES, ...once },
    {
      name: 'RES',
      subjects: ['res.>'],
      maxAgeMs: HOUR_MS,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      ...once,
      maxPerSubject: 4,
    },
    {
      name: 'FLOW',
      subjects: ['flow.>'],
      maxAgeMs: HOUR_MS,
      maxMessageBytes: MAX_FRAME_BYTES,
      ...once,
      maxPerSubject: -1,
      discardNewPerSubject: false,
      maxMessages: messages * 4,
      maxBytes: bytes * 4,
    },
    { name: 'BODY', subjects: ['body.>'], maxAgeMs: 2 * HOUR_MS, maxMessageBytes: MAX_MESSAGE_BYTES, ...once },
    ...READ_MODEL_OWNERS.map(kv),
  ];
}

/** One durable consumer. Explicit ack, deliver all, no limit of deliveries. */
export interface ConsumerSpec {
  readonly stream: string;
  readonly durable: string;
  readonly filters: readonly string[];
  readonly ackWaitMs: number;
  readonly maxAckPending: number;
}

const ING_FILTERS = ['ing.>', 'rnd.>'] as const;
const DEC_READERS = ['audit', 'budget', 'trust', 'guardrails'] as const satisfies readonly Signer[];

/** Name of the durable on which a service reads a stream; it is part of the permissions. */
export function durableName(service: Signer, what: 'ing' | 'res' | 'dec' | 'scr'): string {
  return `${service}-${what}`;
}

/** Every durable consumer of an installation; created by the provisioner only. */
export function consumerSpecs(): readonly ConsumerSpec[] {
  return [
    ...CONTROLS.map((control) => ({
      stream: 'ING',
      durable: durableName(control, 'ing'),
      filters: ING_FILTERS,
      ackWaitMs: 2_000,
      maxAckPending: 1_000,
    })),
    {
      stream: 'RES',
      durable: durableName('dispatcher', 'res'),
      filters: ['res.>'],
      ackWaitMs: 10_000,
      maxAckPending: 1_000,
    },
    ...DEC_READERS.map((service) => ({
      stream: 'FLOW',
      durable: durableName(service, 'dec'),
      filters: ['flow.*.dec'],
      ackWaitMs: 10_000,
      maxAckPending: 256,
    })),
    {
      stream: 'FLOW',
      durable: durableName('guardrails', 'scr'),
      filters: ['flow.*.scr'],
      ackWaitMs: 10_000,
      maxAckPending: 256,
    },
  ];
}

/** Which read models each service reads, its own included: every service judges from its read model. */
export const READ_MODEL_READERS: Readonly<Record<ReadModelOwner, readonly Signer[]>> = {
  registry: ['registry', 'policy', 'guardrails', 'trust', 'budget', 'audit', 'dispatcher'],
  policy: ['policy', 'trust', 'budget', 'dispatcher'],
  budget: ['policy', 'budget', 'dispatcher'],
  guardrails: ['guardrails', 'dispatcher'],
};
