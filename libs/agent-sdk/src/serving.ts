import type { Msg, Subscription } from '@nats-io/transport-node';
import { formatInstant, utf8, uuidV7 } from '@countersign/primitives';
import {
  deliverySubject,
  GRANT_HEADER,
  parseAs,
  resultSubject,
  taskDigest,
  taskEnvelopeSchema,
  type DeliveryReply,
  type GrantClaims,
  type ReasonCode,
  type ResultData,
  type TaskEnvelope,
} from '@countersign/contracts';
import { verifyGrant } from '@countersign/identity';
import { TaskFailure } from './errors.js';
import { jsonOf, type Link } from './link.js';
import { publishStored } from './publishing.js';
import { newerKeys } from './requests.js';

/** A task that was countersigned for this agent, with the proof. */
export interface DeliveredTask {
  readonly envelope: TaskEnvelope;
  readonly grant: GrantClaims;
  /** The grant as a token: the right to spawn child tasks. */
  readonly token: string;
}

/** What a handler gives back. */
export interface TaskOutcome {
  readonly parts: ResultData['parts'];
  readonly usage?: ResultData['usage'];
  readonly tools?: ResultData['tools'];
}

/** Does the task. A {@link TaskFailure} it throws goes to the caller as text, any other error as the mere fact. */
export type TaskHandler = (task: DeliveredTask) => Promise<TaskOutcome> | TaskOutcome;

/** How an agent serves. */
export interface ServeOptions {
  /** Tasks at the same time; default 16. */
  readonly concurrency?: number;
  /** Tasks that may wait for their turn; more are answered `{accepted: false}`, and the caller learns that the target is not there. Default 1,000. */
  readonly maxWaiting?: number;
}

/** Serves tasks: runs nothing without a grant that verifies for this agent over these very bytes, is not expired and was not seen before. */
export class Serving {
  readonly #running = new Set<Promise<void>>();
  readonly #seen = new Map<string, number>();
  readonly #subscription: Subscription;
  readonly #concurrency: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #active = 0;

  constructor(
    private readonly link: Link,
    private readonly handler: TaskHandler,
    options: ServeOptions = {},
  ) {
    this.#concurrency = options.concurrency ?? 16;
    this.#maxWaiting = options.maxWaiting ?? 1_000;
    const { agent } = link.credential;
    this.#subscription = link.nc.subscribe(deliverySubject(link.credential), {
      queue: agent,
      callback: (error, message) => (error === null ? this.#track(this.#take(message)) : undefined),
    });
  }

  /** Takes no further task and waits for the running ones. A hand-over that the server has routed here already is taken: to the dispatcher its silence would mean that the task runs. */
  async stop(): Promise<void> {
    await this.#subscription.drain().catch(() => undefined);
    await Promise.allSettled(this.#running);
  }

  async #take(message: Msg): Promise<void> {
    const checked = await this.#admit(message);
    if (typeof checked === 'string') return this.#reply(message, { accepted: false, code: checked });
    this.#reply(message, { accepted: true });
    await this.#inTurn(() => this.#run(checked));
  }

  /** From its arrival on a hand-over is waited for: an answer to it must not be cut off by {@link stop}. */
  #track(work: Promise<void>): void {
    const run = work
      .catch(() => this.link.onUntrusted({ subject: 'hand-over', failure: 'the hand-over could not be answered' }))
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    if (this.#active >= this.#concurrency) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#active += 1;
    try {
      await work();
    } finally {
      this.#active -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #admit(message: Msg): Promise<DeliveredTask | ReasonCode | 'BUSY'> {
    if (this.#waiting.length >= this.#maxWaiting) return 'BUSY';
    const tokens = message.headers?.values(GRANT_HEADER) ?? [];
    const [token] = tokens;
    const envelope = parseAs(taskEnvelopeSchema, jsonOf(message.data));
    if (token === undefined || tokens.length !== 1 || !envelope.success)
      return this.#refuse(message, 'GRANT_TOKEN_INVALID');
    const grant = await this.#verify(token, message.data, envelope.data);
    if (!grant.ok) return this.#refuse(message, grant.error);
    if (this.#seen.has(grant.value.jti)) return this.#refuse(message, 'GRANT_TOKEN_INVALID');
    this.#remember(grant.value);
    return { envelope: envelope.data, grant: grant.value, token };
  }

  async #verify(token: string, body: Uint8Array, envelope: TaskEnvelope): Promise<ReturnType<typeof verifyGrant>> {
    const [, org = '', agent = ''] = /^agent:([^/]+)\/(.+)$/.exec(envelope.source) ?? [];
    const expected = {
      audience: this.link.credential.agent,
      digest: taskDigest({ org, agent, task: envelope.id }, body),
      now: this.link.clock.now(),
    };
    const { bundle } = this.link.trust;
    const first = verifyGrant(bundle, token, expected);
    if (first.ok || first.error !== 'GRANT_TOKEN_INVALID') return first;
    // the dispatcher's key may be newer than this agent's bundle
    return (await newerKeys(this.link, bundle)) ? verifyGrant(this.link.trust.bundle, token, expected) : first;
  }

  #refuse(message: Msg, code: ReasonCode): ReasonCode {
    this.link.onUntrusted({ subject: message.subject, failure: code });
    return code;
  }

  #remember({ jti, exp }: GrantClaims): void {
    const now = this.link.clock.now();
    for (const [seen, until] of this.#seen) {
      if (until > now) break;
      this.#seen.delete(seen);
    }
    this.#seen.set(jti, exp * 1000 + 60_000);
  }

  #reply(message: Msg, reply: DeliveryReply): void {
    message.respond(utf8(JSON.stringify(reply)));
  }

  async #run(task: DeliveredTask): Promise<void> {
    const data = await this.#outcome(task);
    const { org, agent } = this.link.credential;
    const envelope = {
      specversion: '1.0',
      id: task.envelope.id,
      source: `agent:${org}/${agent}`,
      type: 'dev.countersign.result.v1',
      time: formatInstant(this.link.clock.now()),
      datacontenttype: 'application/json',
      data,
    };
    await publishStored(
      this.link,
      resultSubject(this.link.credential, task.grant.jti),
      utf8(JSON.stringify(envelope)),
    ).catch(() => this.link.onUntrusted({ subject: 'result', failure: 'the result could not be published' }));
  }

  async #outcome({ envelope, grant, token }: DeliveredTask): Promise<ResultData> {
    const head = { attempt: grant.attempt, grant: grant.jti };
    try {
      const { parts, usage = [], tools = [] } = await this.handler({ envelope, grant, token });
      return { status: 'completed', ...head, parts, usage, tools };
    } catch (error) {
      return {
        status: 'failed',
        ...head,
        parts: [],
        usage: [],
        tools: [],
        error: error instanceof TaskFailure ? error.message.slice(0, 2000) : 'the target failed',
      };
    }
  }
}

/** An instance name for answers: 26 characters of a-z and 0-9, unique to this process. */
export function instanceName(link: Pick<Link, 'clock' | 'random'>): string {
  return uuidV7(link.clock.now(), link.random).replaceAll('-', '').slice(6, 32);
}
