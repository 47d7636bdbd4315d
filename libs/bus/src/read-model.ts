import type { JsMsg } from '@nats-io/jetstream';
import type { Clock } from '@countersign/primitives';
import {
  asksForMore,
  MAX_STALENESS_MS,
  mayBeIgnored,
  RECORD_KINDS,
  readModelStream,
  readModelSubject,
  TICK_KEY,
  tickSchema,
  type ReadModelOwner,
} from '@countersign/contracts';
import type { TrustBundle } from '@countersign/identity';
import type { ZodType } from 'zod';
import type { Bus } from './bus.js';
import { DependencyUnavailable } from './errors.js';
import { Freshness } from './freshness.js';
import type { InvalidFrame } from './frame-reader.js';
import { streamMessageOf, type StreamMessage } from './messages.js';
import { readRecord } from './read-model-record.js';
import { SteadyPull } from './steady-pull.js';

/** Any record of a read model: a version not higher than the one held is ignored. */
export interface Versioned {
  readonly version: number;
}

/** What a read model is made of. */
export interface ReadModelOptions<T extends Versioned> {
  readonly bus: Bus;
  readonly bundle: TrustBundle;
  readonly clock: Clock;
  readonly owner: ReadModelOwner;
  readonly schema: ZodType<T>;
  readonly onInvalid?: (invalid: InvalidFrame) => void;
}

/** Hears of a record that replaced another. */
export type ChangeListener<T> = (key: string, record: T, previous: T | undefined) => void;

/**
 * What one service publishes of itself, kept in the memory of another. It is read by a pull consumer over the bucket's stream with a heartbeat of a
 * second: after a restart of the server it is back within milliseconds, after the loss of one of three within seconds. Only records that the owner signed for their very key count.
 */
export class ReadModel<T extends Versioned> extends Freshness {
  readonly name: string;
  readonly #records = new Map<string, T>();
  readonly #listeners = new Set<ChangeListener<T>>();
  /** Keys under which the owner signed what cannot be read here: absence may mean less than what stands there, so nothing is decided. */
  readonly #unreadable = new Set<string>();
  /** Keys under which something stood that did not count. */
  readonly #spoilt = new Set<string>();
  #tickAt = Number.NEGATIVE_INFINITY;
  #readToEnd = false;
  #pull: SteadyPull | undefined;

  private constructor(private readonly options: ReadModelOptions<T>) {
    super();
    this.name = options.owner;
  }

  /** Starts to read; it is not fresh before it has read everything and a young tick. */
  static async open<T extends Versioned>(options: ReadModelOptions<T>): Promise<ReadModel<T>> {
    const model = new ReadModel<T>(options);
    const { bus, owner } = options;
    const stream = readModelStream(owner);
    model.#pull = await SteadyPull.open({
      bus,
      stream,
      // all of it again after a fault: a record is known by its version, and a stream that was made anew begins at 1
      consumer: () =>
        bus.js.consumers.get(stream, {
          filter_subjects: readModelSubject(owner, '>'),
          deliver_policy: 'last_per_subject',
          name_prefix: bus.readerName(stream),
        }),
      ephemeral: true,
      maxMessages: 1_000,
      expiresMs: 5_000,
      heartbeatMs: 1_000,
      onMessage: (message) => model.#take(message),
    });
    return model;
  }

  /** The record of a key; undefined when there is none. Throws {@link DependencyUnavailable} when somebody else's bytes stand where it may have been: what is absent may forbid less. */
  get(key: string): T | undefined {
    const record = this.#records.get(key);
    if (record === undefined && this.#spoilt.has(key)) throw new DependencyUnavailable(`${key} of ${this.name}`);
    return record;
  }

  /** Every key with its record. */
  entries(): IterableIterator<[string, T]> {
    return this.#records.entries();
  }

  /** Hears of every later change; the answer ends it. */
  onChange(listener: ChangeListener<T>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  fresh(): boolean {
    return this.#readToEnd && this.#unreadable.size === 0 && this.stalenessMs() <= MAX_STALENESS_MS;
  }

  stalenessMs(): number {
    return this.options.clock.now() - this.#tickAt;
  }

  /** Ends the reading. */
  async close(): Promise<void> {
    await this.#pull?.close();
  }

  #take(raw: JsMsg): void {
    const message = streamMessageOf(raw);
    const failure = this.#apply(message);
    if (failure !== undefined)
      this.options.onInvalid?.({ subject: message.subject, seq: message.seq, streamAt: message.streamAt, failure });
    if (raw.info.pending === 0) this.#readToEnd = true;
  }

  #apply(message: StreamMessage): string | undefined {
    const { owner, schema } = this.options;
    const key = message.subject.slice(readModelSubject(owner, '').length);
    const read = readRecord(message, this.options);
    if (!read.ok) {
      this.#spoilt.add(key);
      return read.failure;
    }
    if (key === TICK_KEY) return this.#tick(read.content, Math.min(message.streamAt, read.putAt));
    if (!this.#records.has(key) && mayBeIgnored(read.content, RECORD_KINDS)) return undefined;
    const record = asksForMore(read.content) ? undefined : schema.safeParse(read.content);
    if (record?.success !== true) {
      this.#unreadable.add(key);
      return 'malformed';
    }
    this.#unreadable.delete(key);
    this.#put(key, record.data);
    return undefined;
  }

  /** To the owner itself only its own tick proves anything: before it this process compared rows and bucket, whatever stood there when it started. */
  #tick(content: unknown, at: number): string | undefined {
    const { owner, bus } = this.options;
    const tick = tickSchema.safeParse(content);
    if (!tick.success) return 'malformed';
    if (bus.service !== owner || tick.data.by === bus.instance) this.#tickAt = Math.max(this.#tickAt, at);
    return undefined;
  }

  #put(key: string, record: T): void {
    const previous = this.#records.get(key);
    if (previous !== undefined && record.version <= previous.version) return;
    this.#records.set(key, record);
    for (const listener of this.#listeners) listener(key, record, previous);
  }
}
