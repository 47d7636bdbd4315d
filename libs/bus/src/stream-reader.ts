import type { Consumer, ConsumerMessages } from '@nats-io/jetstream';
import type { Bus } from './bus.js';
import { bufferOf, signatureOf, streamMessageOf, type StreamMessage } from './messages.js';

/** What a log is read for: every message from a sequence on, in order, without acknowledgement. */
export interface StreamReaderOptions {
  readonly bus: Bus;
  readonly stream: 'ING' | 'FLOW';
  readonly filters: readonly string[];
  /** First sequence wanted; 1 for all. */
  readonly startSequence: number;
  readonly onMessage: (message: StreamMessage) => void;
}

/** Reads a stream in order by an ephemeral consumer that is made again after every fault from where it was. */
export class StreamReader {
  #last = 0;
  #messages: ConsumerMessages | undefined;
  #consumer: Consumer | undefined;

  private constructor(private readonly options: StreamReaderOptions) {}

  /** Starts to read. */
  static async open(options: StreamReaderOptions): Promise<StreamReader> {
    const reader = new StreamReader(options);
    reader.#consumer = await options.bus.js.consumers.get(options.stream, {
      filter_subjects: [...options.filters],
      deliver_policy: 'by_start_sequence',
      opt_start_seq: Math.max(1, options.startSequence),
      name_prefix: options.bus.readerName(options.stream),
    });
    reader.#messages = await reader.#consumer.consume({
      max_messages: 2_000,
      expires: 30_000,
      idle_heartbeat: 1_000,
      callback: (message) => {
        options.onMessage(streamMessageOf(message));
        reader.#last = message.seq;
      },
    });
    return reader;
  }

  /** Sequence of the last message that was handled; 0 before the first. */
  get lastSequence(): number {
    return this.#last;
  }

  /** Whether everything that the stream held when this was asked has been handled. */
  async caughtUp(): Promise<boolean> {
    if (this.#consumer === undefined) return false;
    const info = await this.#consumer.info();
    return info.num_pending === 0 && this.#last >= info.delivered.stream_seq;
  }

  /** Ends the reading. */
  async close(): Promise<void> {
    await this.#messages?.close();
  }
}

/** State of a stream: its first and last message. */
export interface StreamState {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly messages: number;
  readonly createdAt: string;
}

/** Looks single messages and the state of streams up. */
export class StreamLookup {
  constructor(private readonly bus: Bus) {}

  /** A stored message; undefined when it aged out or never was. */
  async message(stream: 'ING' | 'RES' | 'BODY', seq: number): Promise<StreamMessage | undefined> {
    const found = await this.bus.jsm.streams.getMessage(stream, { seq }).catch(notFound);
    if (found === null || found === undefined) return undefined;
    return {
      subject: found.subject,
      seq: found.seq,
      streamAt: found.time.getTime(),
      data: bufferOf(found.data),
      signature: signatureOf(found.header),
    };
  }

  /** The last message under a subject. */
  async lastOf(stream: 'ING' | 'RES' | 'BODY', subject: string): Promise<StreamMessage | undefined> {
    const found = await this.bus.jsm.streams.getMessage(stream, { last_by_subj: subject }).catch(notFound);
    if (found === null || found === undefined) return undefined;
    return {
      subject: found.subject,
      seq: found.seq,
      streamAt: found.time.getTime(),
      data: bufferOf(found.data),
      signature: signatureOf(found.header),
    };
  }

  /** First and last sequence of a stream. */
  async state(stream: 'ING' | 'FLOW' | 'RES'): Promise<StreamState> {
    const { state, created } = await this.bus.jsm.streams.info(stream);
    return { firstSeq: state.first_seq, lastSeq: state.last_seq, messages: state.messages, createdAt: created };
  }
}

const NO_MESSAGE = 10037;

function notFound(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === NO_MESSAGE) return undefined;
  throw error;
}
