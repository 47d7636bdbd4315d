import { formatInstant, sha256, utf8, type Clock } from '@countersign/primitives';
import {
  MAX_STALENESS_MS,
  PURPOSES,
  readModelStream,
  readModelSubject,
  TICK_KEY,
  type ReadModelOwner,
} from '@countersign/contracts';
import type { SigningKey, TrustBundle } from '@countersign/identity';
import type { JsMsg } from '@nats-io/jetstream';
import { z, type ZodType } from 'zod';
import type { Bus } from './bus.js';
import { DependencyUnavailable, PublishRefused } from './errors.js';
import { streamMessageOf } from './messages.js';
import { signedHeaders, type Publisher } from './publisher.js';
import { readRecord } from './read-model-record.js';
import type { Versioned } from './read-model.js';

const WRONG_LAST_SEQUENCE = 10071;
const SNAPSHOT_TIMEOUT_MS = 5_000;
const TRIES = 5;
const versionedSchema = z.object({ version: z.number() });

/** What the bucket holds under a key: the record's version (0 when it counts for nobody) and the message's sequence. */
interface Revision {
  readonly version: number;
  readonly seq: number;
}

/** Publishes a service's own read model: signed, and under the key's expected revision, so that a slower replica never puts an older version back. */
export class ReadModelWriter<T extends Versioned> {
  #known: Map<string, Revision> | undefined;

  constructor(
    private readonly parts: {
      readonly bus: Bus;
      readonly publisher: Publisher;
      readonly key: SigningKey;
      readonly bundle: TrustBundle;
      readonly clock: Clock;
      readonly owner: ReadModelOwner;
      readonly schema: ZodType<T>;
    },
  ) {}

  /** Puts a record unless the bucket holds its version or a higher one. Throws when NATS does not take it. */
  async put(key: string, record: T): Promise<void> {
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      const known = (await this.current()).get(key);
      if (known !== undefined && known.version >= record.version) return;
      try {
        const { seq, inTime } = await this.#publish(key, this.parts.schema.parse(record), known?.seq ?? 0);
        this.#known?.set(key, { version: inTime ? record.version : 0, seq });
        if (inTime) return;
      } catch (error) {
        if (!(error instanceof PublishRefused) || error.errCode !== WRONG_LAST_SEQUENCE) throw error;
        this.#known = undefined;
      }
    }
    throw new DependencyUnavailable(`the bucket of ${this.parts.owner}`);
  }

  /** Says that rows and bucket agree at this moment. */
  async tick(): Promise<void> {
    await this.#publish(TICK_KEY, {
      v: 1,
      at: formatInstant(this.parts.clock.now()),
      by: this.parts.bus.instance,
    });
  }

  /** Versions that the bucket holds, for comparing with the rows. `reread` asks NATS again. */
  async current(reread = false): Promise<ReadonlyMap<string, Revision>> {
    if (this.#known === undefined || reread) this.#known = await this.#snapshot();
    return this.#known;
  }

  /** `inTime` says that the stream took it so soon that it counts for everybody who reads it. */
  async #publish(
    key: string,
    content: object,
    expectedSeq?: number,
  ): Promise<{ readonly seq: number; readonly inTime: boolean }> {
    const { clock, key: signing, owner, publisher } = this.parts;
    const subject = readModelSubject(owner, key);
    const at = clock.now();
    const body = utf8(JSON.stringify({ ...content, putAt: formatInstant(at) }));
    const ack = await publisher.publish(
      subject,
      body,
      signedHeaders(signing.sign(PURPOSES.record, subject, sha256(body)), expectedSeq),
    );
    return { seq: ack.seq, inTime: clock.now() - at <= MAX_STALENESS_MS / 2 };
  }

  async #snapshot(): Promise<Map<string, Revision>> {
    const { bus, owner } = this.parts;
    const stream = readModelStream(owner);
    const out = new Map<string, Revision>();
    const { state } = await bus.jsm.streams.info(stream);
    if (state.messages === 0) return out;
    const consumer = await bus.js.consumers.get(stream, {
      filter_subjects: readModelSubject(owner, '>'),
      deliver_policy: 'last_per_subject',
      name_prefix: bus.readerName('snapshot'),
    });
    const messages = await consumer.consume({ max_messages: 1_000, idle_heartbeat: 1_000 });
    const timer = setTimeout(() => messages.stop(new DependencyUnavailable(stream)), SNAPSHOT_TIMEOUT_MS);
    try {
      for await (const message of messages) {
        const key = message.subject.slice(readModelSubject(owner, '').length);
        out.set(key, { version: this.#versionOf(message), seq: message.seq });
        if (message.info.pending === 0) return out;
      }
      throw new DependencyUnavailable(stream);
    } finally {
      clearTimeout(timer);
      messages.stop();
    }
  }
  /** A version that somebody else claims, or that was put back, would keep out the owner's record. */
  #versionOf(message: JsMsg): number {
    const read = readRecord(streamMessageOf(message), this.parts);
    const record = read.ok ? versionedSchema.safeParse(read.content) : undefined;
    return record?.success === true ? record.data.version : 0;
  }
}
