import { type headers as createHeaders, type NatsConnection } from '@nats-io/transport-node';
import { connect } from '@nats-io/transport-node';
import { Bus, signedHeaders } from '@countersign/bus';
import { PURPOSES, taskDigest, taskSubject, verdictSubject, type Signer, type TaskKey } from '@countersign/contracts';
import { SigningKey, signFrame } from '@countersign/identity';
import type { CredentialFile } from '@countersign/agent-sdk';
import { formatInstant, sha256, SystemClock, SystemRandom, utf8, uuidV7 } from '@countersign/primitives';
import type { RunningSystem } from './running-system.js';

type Control = 'registry' | 'policy' | 'guardrails' | 'trust' | 'budget' | 'audit';

/** Somebody who stole the NATS password of a service, but not its signing key. */
export async function asService(
  { system }: RunningSystem,
  service: Extract<keyof RunningSystem['system']['installation']['natsKeys']['control'], string>,
): Promise<Bus> {
  const { seed } = system.installation.natsKeys.control[service];
  return Bus.connect({ servers: [system.run.nats], service, nkeySeed: seed });
}

/** Somebody with an agent's credentials and a client of his own. */
export async function asAgent(credential: CredentialFile): Promise<NatsConnection> {
  const { nats, clientId: user, clientSecret: pass, inboxPrefix } = credential;
  return connect({ servers: [...nats], user, pass, inboxPrefix, noAsyncTraces: true });
}

/** A task as its sender writes it, byte by byte. */
export interface RawTask {
  readonly key: TaskKey;
  readonly body: Buffer;
  readonly digest: string;
}

/** Writes a task without the SDK. */
export function rawTask(
  { org, agent }: { readonly org: string; readonly agent: string },
  target: string,
  id = newId(),
): RawTask {
  const key = { org, agent, task: id };
  const body = utf8(
    JSON.stringify({
      specversion: '1.0',
      id,
      source: `agent:${org}/${agent}`,
      type: 'dev.countersign.task.v1',
      time: formatInstant(new SystemClock().now()),
      datacontenttype: 'application/json',
      data: { target, taskType: 'echo', parts: [{ channel: 'instruction', text: 'hello' }] },
    }),
  );
  return { key, body, digest: taskDigest(key, body) };
}

/** A new id of a task. */
export function newId(): string {
  return uuidV7(new SystemClock().now(), new SystemRandom());
}

/** Submits a raw task; answers its sequence in the log. */
export async function submitRaw(nc: NatsConnection, { key, body }: RawTask): Promise<number> {
  const reply = await nc.request(taskSubject(key), body, { timeout: 5_000 });
  return reply.json<{ readonly seq: number }>().seq;
}

/** A frame with one item, signed by whoever's key: the subject and the claim are the service's, the key need not be. */
export function forgedFrame(
  signer: SigningKey,
  subject: string,
  item: object,
): { readonly body: Uint8Array; readonly headers: ReturnType<typeof createHeaders> } {
  const frame = signFrame(signer, { subject, lane: 0, at: new SystemClock().now() }, [item]);
  return { body: frame.body, headers: signedHeaders(frame.signature) };
}

/** A key that names itself a service and that nobody has vouched for. */
export function strangersKey(service: Signer): SigningKey {
  return SigningKey.generate(service);
}

/** An approving verdict with everything that a release needs of it. */
export function forgedVerdict(
  control: Control,
  task: RawTask,
  {
    seq,
    connection,
  }: {
    readonly seq: number;
    readonly connection: { readonly id: string; readonly org: string; readonly agent: string };
  },
): { readonly subject: string; readonly item: object } {
  const now = new SystemClock().now();
  const { key } = task;
  return {
    subject: verdictSubject(0, control),
    item: {
      type: 'verdict',
      nonce: 'AAAAAAAAAAA',
      task: { org: key.org, agent: key.agent, id: key.task },
      attempt: 1,
      round: 1,
      seq,
      digest: task.digest,
      decision: 'APPROVE',
      codes: [],
      details: {},
      versions: {},
      decidedAt: formatInstant(now),
      validUntil: formatInstant(now + 60_000),
      connection,
      epochs: { client: 1, target: 1, connection: 1 },
      estimateMicros: '0',
      priceBookVersion: 0,
      grant: {
        models: null,
        tools: null,
        dataStores: null,
        dataClasses: null,
        taskTypes: null,
        maxCostMicros: null,
        notAfter: null,
        hopsLeft: 4,
      },
      score: { client: { score: 9_000, level: 'TRUSTED' }, target: { score: 9_000, level: 'TRUSTED' } },
      record: { position: 0, leaf: task.digest },
    },
  };
}

/** An answer or any other single message of the control plane, signed by whoever's key. */
export function forgedMessage(
  signer: SigningKey,
  purpose: keyof typeof PURPOSES,
  { subject, body }: { readonly subject: string; readonly body: Uint8Array },
): ReturnType<typeof createHeaders> {
  return signedHeaders(signer.sign(PURPOSES[purpose], subject, sha256(body)));
}
