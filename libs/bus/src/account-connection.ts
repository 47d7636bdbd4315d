import { connect, nkeyAuthenticator, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { utf8 } from '@countersign/primitives';
import { bufferOf } from './messages.js';

/** A question on a subject: its bytes, one header by name, and the way to answer. */
export interface AccountMessage {
  readonly data: Buffer;
  readonly header: (name: string) => string | undefined;
  readonly respond: (bytes: Uint8Array) => void;
}

/** A connection to an account that has no streams: the auth callout's and the system's. Only the registry has users there. */
export class AccountConnection {
  readonly #answering: Subscription[] = [];
  readonly #inFlight = new Set<Promise<void>>();

  private constructor(private readonly nc: NatsConnection) {}

  /** Connects, and keeps trying. */
  static async open(servers: readonly string[], seed: string, name: string): Promise<AccountConnection> {
    return new AccountConnection(
      await connect({
        servers: [...servers],
        authenticator: nkeyAuthenticator(utf8(seed.trim())),
        name,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
        waitOnFirstConnect: true,
        ignoreAuthErrorAbort: true,
        noAsyncTraces: true,
      }),
    );
  }

  /** Answers questions together with the other replicas of the queue. */
  answer(subject: string, queue: string, handle: (message: AccountMessage) => Promise<void>): void {
    const take = (message: AccountMessage): void => {
      const run = handle(message).finally(() => this.#inFlight.delete(run));
      this.#inFlight.add(run);
    };
    this.#answering.push(
      this.nc.subscribe(subject, {
        queue,
        callback: (error, message) => (error === null ? take(accountMessageOf(message)) : undefined),
      }),
    );
  }

  /** Asks and takes the answers that come within a time; of one server or of all. */
  async ask(
    subject: string,
    body: object,
    options: { readonly timeoutMs: number; readonly many: boolean },
  ): Promise<readonly unknown[]> {
    const payload = JSON.stringify(body);
    if (!options.many) return [(await this.nc.request(subject, payload, { timeout: options.timeoutMs })).json()];
    const out: unknown[] = [];
    for await (const message of await this.nc.requestMany(subject, payload, {
      strategy: 'stall',
      maxWait: options.timeoutMs,
    }))
      out.push(message.json());
    return out;
  }

  /** Takes no further question, answers those that have arrived, and disconnects. */
  async close(): Promise<void> {
    await Promise.all(this.#answering.map((subscription) => subscription.drain().catch(() => undefined)));
    await Promise.allSettled(this.#inFlight);
    await this.nc.drain().catch(() => this.nc.close());
  }
}

function accountMessageOf(message: Msg): AccountMessage {
  return {
    data: bufferOf(message.data),
    header: (name) => message.headers?.get(name) || undefined,
    respond: (bytes) => void message.respond(bytes),
  };
}
