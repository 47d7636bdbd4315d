import { connect, nkeyAuthenticator, type Msg, type NatsConnection } from '@nats-io/transport-node';
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
  answer(subject: string, queue: string, handle: (message: AccountMessage) => void): void {
    this.nc.subscribe(subject, {
      queue,
      callback: (error, message) => (error === null ? handle(accountMessageOf(message)) : undefined),
    });
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

  /** Finishes and disconnects. */
  async close(): Promise<void> {
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
