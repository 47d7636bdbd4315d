import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { Subscription } from '@nats-io/transport-node';
import type { Bus } from './bus.js';

/** Heartbeats that may be missing. After two the client itself asks for the consumer, which mends a restart and a move; what is silent for longer lives on a server that is gone. */
const MISSING_HEARTBEATS = 4;

/** What is pulled, and how. */
export interface SteadyPullOptions {
  readonly bus: Bus;
  readonly stream: string;
  /** Finds the durable consumer or makes an ephemeral one that begins where reading stands; asked again whenever the one in use has fallen silent. */
  readonly consumer: () => Promise<Consumer>;
  /** Whether the consumer is only this reader's, to be deleted when another takes its place. */
  readonly ephemeral: boolean;
  /** Messages the server may send ahead. */
  readonly maxMessages: number;
  readonly expiresMs: number;
  readonly heartbeatMs: number;
  readonly onMessage: (message: JsMsg) => void;
}

interface Pull {
  readonly consumer: Consumer;
  readonly messages: ConsumerMessages;
}

/**
 * A pull that outlives its consumer. An ephemeral consumer has no copies: when its server is lost for good, whoever asks for it gets neither an answer nor "not found", and the client waits for ever.
 * Here neither message nor heartbeat for a while means that another consumer takes its place. Messages may come twice then, never too few: the reader says where to begin.
 */
export class SteadyPull {
  #pull: Pull | undefined;
  #missing = 0;
  #renewing = false;
  #closed = false;
  #watch: NodeJS.Timeout | undefined;

  private constructor(private readonly options: SteadyPullOptions) {}

  /** Starts to pull; rejects when there is no consumer yet. */
  static async open(options: SteadyPullOptions): Promise<SteadyPull> {
    const opened = new SteadyPull(options);
    opened.#pull = await opened.#start(await options.consumer());
    opened.#watch = setInterval(() => opened.#look(), options.heartbeatMs).unref();
    return opened;
  }

  /** The consumer in use. */
  get consumer(): Consumer | undefined {
    return this.#pull?.consumer;
  }

  /** Stops at once; what is on its way is dropped. */
  async close(): Promise<void> {
    this.#end();
    await this.#pull?.messages.close();
  }

  /** Stops after what the server has sent already was taken. */
  async drain(): Promise<void> {
    this.#end();
    await drained(this.#pull?.messages);
  }

  #end(): void {
    this.#closed = true;
    clearInterval(this.#watch);
  }

  async #start(consumer: Consumer): Promise<Pull> {
    const messages = await consumer.consume({
      max_messages: this.options.maxMessages,
      expires: this.options.expiresMs,
      idle_heartbeat: this.options.heartbeatMs,
      callback: (message) => {
        this.#missing = 0;
        this.options.onMessage(message);
      },
    });
    void this.#listen(messages);
    return { consumer, messages };
  }

  async #listen(messages: ConsumerMessages): Promise<void> {
    for await (const { type } of messages.status()) if (type === 'heartbeat') this.#missing = 0;
  }

  /** Counts turns instead of time: after the process itself stood still, what waits in the socket is read before the next look. */
  #look(): void {
    this.#missing += 1;
    if (this.#missing > MISSING_HEARTBEATS && !this.#renewing) void this.#renew();
  }

  async #renew(): Promise<void> {
    this.#renewing = true;
    try {
      const consumer = await this.options.consumer();
      if (this.#closed || this.#missing <= MISSING_HEARTBEATS) return this.#discard(consumer);
      const silent = this.#pull;
      void drained(silent?.messages);
      this.#discard(silent?.consumer);
      this.#missing = 0;
      this.#pull = await this.#start(consumer);
      this.options.bus.noteSilence(this.options.stream);
    } catch {
      // nobody answers yet: the next look asks again
    } finally {
      this.#renewing = false;
    }
  }

  /** The server forgets an unused one by itself, only later. */
  #discard(consumer: Consumer | undefined): void {
    if (this.options.ephemeral) consumer?.delete().catch(() => undefined);
  }
}

/** The client's own `stop` drops what is on its way; its subscription can be drained first, though its type does not say so. A lost connection has nothing to drain. */
async function drained(messages: ConsumerMessages | undefined): Promise<void> {
  const { sub } = (messages ?? {}) as { readonly sub?: Pick<Subscription, 'drain'> };
  await sub?.drain().catch(() => undefined);
  messages?.stop();
}
