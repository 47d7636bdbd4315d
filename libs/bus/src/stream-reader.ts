import type { Bus } from './bus.js';
import { bufferOf, signatureOf, streamMessageOf, type StreamMessage } from './messages.js';
import { SteadyPull } from './steady-pull.js';

/** What a log is read for: every message from a sequence on, in order, without acknowledgement. */
export interface StreamReaderOptions {
  readonly bus: Bus;
  readonly stream: 'ING' | 'FLOW';
  readonly filters: readonly string[];
  /** First sequence wanted; 1 for all. */
  readonly startSequence: number;
  readonly onMessage: (message: StreamMessage) => void;
}

/** Reads a stream in order by an ephemeral consumer that is made again after every fault from where it was; no message is handed on twice. */
export class StreamReader {
  #last: number;
  #pull: SteadyPull | undefined;

  private constructor(private readonly options: StreamReaderOptions) {
    this.#last = Math.max(0, options.startSequence - 1);
  }

  /** Starts to read. */
  static async open(options: StreamReaderOptions): Promise<StreamReader> {
    const reader = new StreamReader(options);
    const { bus, stream } = options;
    reader.#pull = await SteadyPull.open({
      bus,
      stream,
      consumer: () =>
        bus.js.consumers.get(stream, {
          filter_subjects: [...options.filters],
          deliver_policy: 'by_start_sequence',
          opt_start_seq: reader.#last + 1,
          name_prefix: bus.readerName(stream),
        }),
      ephemeral: true,
      maxMessages: 2_000,
      expiresMs: 30_000,
      heartbeatMs: 1_000,
      onMessage: (message) => {
        if (message.seq <= reader.#last) return;
        options.onMessage(streamMessageOf(message));
        reader.#last = message.seq;
      },
    });
    return reader;
  }

  /** Sequence of the last message that was handled; before the first, the one before the start. */
  get lastSequence(): number {
    return this.#last;
  }

  /** Whether everything that the stream held when this was asked has been handled. */
  async caughtUp(): Promise<boolean> {
    const info = await this.#pull?.consumer?.info();
    if (info === undefined) return false;
    return info.num_pending === 0 && this.#last >= info.delivered.stream_seq;
  }

  /** Ends the reading. */
  async close(): Promise<void> {
    await this.#pull?.close();
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
