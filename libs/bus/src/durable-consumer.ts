import type { JsMsg } from '@nats-io/jetstream';
import { MAX_BATCH } from '@countersign/contracts';
import { BatchLoop } from './batch-loop.js';
import type { Bus } from './bus.js';
import { SteadyPull } from './steady-pull.js';

/** How long before the ack wait is over the server is told that a message is still in work. */
const WORKING_EVERY_MS = 1_000;
const NAK_DELAY_MS = 250;

/** What a durable consumer is read for. The handler settles each message itself (settling twice does nothing); one it throws on is given back with a delay. */
export interface DurableOptions {
  readonly stream: string;
  readonly durable: string;
  readonly handle: (batch: readonly JsMsg[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
  /** Hears how many messages of a batch had been given to somebody before. */
  readonly onRedelivered?: (count: number) => void;
}

/** Reads a durable pull consumer in batches, one in work at a time; the consumer's limit of unacknowledged messages bounds the buffer. */
export class DurableConsumer {
  readonly #loop: BatchLoop<JsMsg>;
  #pull: SteadyPull | undefined;
  #working: NodeJS.Timeout | undefined;

  private constructor(private readonly options: DurableOptions) {
    this.#loop = new BatchLoop<JsMsg>({
      max: MAX_BATCH,
      handle: async (batch) => {
        const again = batch.filter((message) => message.redelivered).length;
        if (again > 0) options.onRedelivered?.(again);
        try {
          await options.handle(batch);
        } catch (error) {
          for (const message of batch) message.nak(NAK_DELAY_MS);
          throw error;
        }
      },
      onError: options.onError,
    });
  }

  /** Starts to read; throws when the consumer does not exist. */
  static async open(bus: Bus, options: DurableOptions): Promise<DurableConsumer> {
    const opened = new DurableConsumer(options);
    opened.#pull = await SteadyPull.open({
      bus,
      stream: options.stream,
      consumer: () => bus.js.consumers.get(options.stream, options.durable),
      ephemeral: false,
      maxMessages: 4 * MAX_BATCH,
      expiresMs: 30_000,
      heartbeatMs: 2_000,
      onMessage: (message) => opened.#loop.push(message),
    });
    opened.#working = setInterval(() => opened.#stillWorking(), WORKING_EVERY_MS).unref();
    return opened;
  }

  /** How many messages it has not been given yet. */
  static async pending(bus: Bus, { stream, durable }: Pick<DurableOptions, 'stream' | 'durable'>): Promise<number> {
    return (await bus.jsm.consumers.info(stream, durable)).num_pending;
  }

  /** Stops the pull, takes what the server has sent already, finishes the batch in work and gives the rest back: what is given back goes to another replica at once, what is dropped only after the ack wait. */
  async close(): Promise<void> {
    await this.#pull?.drain();
    for (const message of await this.#loop.stop()) message.nak();
    clearInterval(this.#working);
  }

  #stillWorking(): void {
    for (const message of this.#loop.unfinished()) message.working();
  }
}
