/**
 * What a bus costs with nothing on it: one process a role, file storage, server defaults. A task is published to a stream; six durable consumers publish
 * one frame of verdicts a batch; a joiner counts six and writes the decision with compare-and-set; a delivery consumer hands it to the target by request; the
 * target publishes its result to a stream; an answering consumer sends it to the caller by request. No authentication, signature, database, rule or trace.
 */
import { jetstream, jetstreamManager, type JetStreamClient, type JsMsg } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';

/** The controls of the product, so that as many processes vote. */
export const CONTROLS = ['registry', 'policy', 'guardrails', 'trust', 'budget', 'audit'] as const;
/** Every process of the reference beside the caller. */
export const ROLES = [...CONTROLS, 'joiner', 'delivery', 'target', 'answering'] as const;
/** One of them. */
export type Role = (typeof ROLES)[number];

/** Subject under which the caller hears its answers. */
export const ANSWERS = 'ref.ans';
const ING = 'REF_ING';
const FLOW = 'REF_FLOW';
const RES = 'REF_RES';

/** Makes the streams and durable consumers anew. */
export async function provisionReference(nc: NatsConnection): Promise<void> {
  const jsm = await jetstreamManager(nc);
  for (const [name, subject] of [
    [ING, 'ref.ing.>'],
    [FLOW, 'ref.flow.>'],
    [RES, 'ref.res.>'],
  ] as const)
    await jsm.streams.add({ name, subjects: [subject], storage: 'file' });
  const durable = { ack_policy: 'explicit', max_ack_pending: 20_000 } as const;
  for (const name of CONTROLS) await jsm.consumers.add(ING, { durable_name: name, ...durable });
  await jsm.consumers.add(FLOW, { durable_name: 'delivery', filter_subject: 'ref.flow.dec.>', ...durable });
  await jsm.consumers.add(RES, { durable_name: 'answering', ...durable });
}

/** Runs one role until the process ends. */
export async function runRole(role: Role, servers: string): Promise<void> {
  const nc = await connect({ servers, noAsyncTraces: true });
  const js = jetstream(nc);
  switch (role) {
    case 'joiner':
      return join(js);
    case 'delivery':
      return pass(nc, js, { stream: FLOW, durable: 'delivery', to: 'ref.target' });
    case 'answering':
      return pass(nc, js, { stream: RES, durable: 'answering', to: ANSWERS });
    case 'target':
      return serve(nc, js);
    default:
      return vote(js, role);
  }
}

async function vote(js: JetStreamClient, control: string): Promise<void> {
  const consumer = await js.consumers.get(ING, control);
  const batch = batched<JsMsg>(async (messages) => {
    const frame = messages.map((message) => ({ id: idOf(message), approve: true }));
    await js.publish(`ref.flow.vd.${control}`, JSON.stringify(frame));
    for (const message of messages) message.ack();
  });
  await consumer.consume({ max_messages: 1_000, callback: batch });
}

async function join(js: JetStreamClient): Promise<void> {
  const counts = new Map<string, number>();
  const consumer = await js.consumers.get(FLOW, { filter_subjects: ['ref.flow.vd.*'], deliver_policy: 'new' });
  const decide = (id: string): void =>
    void js.publish(`ref.flow.dec.${id}`, JSON.stringify({ id }), { expect: { lastSubjectSequence: 0 } });
  await consumer.consume({
    max_messages: 4_000,
    callback: (message) => {
      for (const { id } of message.json<readonly { readonly id: string }[]>()) {
        const count = (counts.get(id) ?? 0) + 1;
        if (count < CONTROLS.length) counts.set(id, count);
        else {
          counts.delete(id);
          decide(id);
        }
      }
    },
  });
}

async function pass(
  nc: NatsConnection,
  js: JetStreamClient,
  { stream, durable, to }: { readonly stream: string; readonly durable: string; readonly to: string },
): Promise<void> {
  const consumer = await js.consumers.get(stream, durable);
  await consumer.consume({
    max_messages: 2_000,
    callback: (message) => void nc.request(to, message.data, { timeout: 10_000 }).then(() => message.ack()),
  });
}

function serve(nc: NatsConnection, js: JetStreamClient): Promise<void> {
  nc.subscribe('ref.target', {
    callback: (_error, message) => {
      message.respond();
      const { id } = message.json<{ readonly id: string }>();
      void js.publish(`ref.res.${id}`, JSON.stringify({ id, result: 'done' }));
    },
  });
  return nc.flush();
}

const idOf = (message: JsMsg): string => message.json<{ readonly id: string }>().id;

/** Calls `flush` with what arrived since the last call; one call at a time. */
function batched<T>(flush: (batch: readonly T[]) => Promise<void>): (item: T) => void {
  let waiting: T[] = [];
  let busy = false;
  const run = async (): Promise<void> => {
    busy = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await flush(batch);
    }
    busy = false;
  };
  return (item) => {
    waiting.push(item);
    if (!busy) setImmediate(() => (busy ? undefined : void run()));
  };
}
