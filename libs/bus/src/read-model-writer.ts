import { formatInstant, sha256, utf8, type Clock } from '@countersign/primitives';
import { PURPOSES, readModelStream, readModelSubject, TICK_KEY, type ReadModelOwner } from '@countersign/contracts';
import type { SigningKey } from '@countersign/identity';
import { z, type ZodType } from 'zod';
import type { Bus } from './bus.js';
import { DependencyUnavailable, PublishRefused } from './errors.js';
import { jsonOf, streamMessageOf, type StreamMessage } from './messages.js';
import { signedHeaders, type Publisher } from './publisher.js';
import type { Versioned } from './read-model.js';

const WRONG_LAST_SEQUENCE = 10071;
const SNAPSHOT_TIMEOUT_MS = 5_000;
const TRIES = 5;
const versionedSchema = z.object({ version: z.number() });

/** What the bucket holds under a key: the version of the record that this service signed, and the message's sequence. */
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
        const seq = await this.#publish(key, this.parts.schema.parse(record), known?.seq ?? 0);
        this.#known?.set(key, { version: record.version, seq });
        return;
      } catch (error) {
        if (!(error instanceof PublishRefused) || error.errCode !== WRONG_LAST_SEQUENCE) throw error;
        this.#known = undefined;
      }
    }
    throw new DependencyUnavailable(`the bucket of ${this.parts.owner}`);
  }

  /** Says that rows and bucket agree at this moment. */
  async tick(): Promise<void> {
    await this.#publish(TICK_KEY, { v: 1, at: formatInstant(this.parts.clock.now()) });
  }

  /** Versions that the bucket holds, for comparing with the rows. `reread` asks NATS again. */
  async current(reread = false): Promise<ReadonlyMap<string, Revision>> {
    if (this.#known === undefined || reread) this.#known = await this.#snapshot();
    return this.#known;
  }

  async #publish(key: string, content: object, expectedSeq?: number): Promise<number> {
    const subject = readModelSubject(this.parts.owner, key);
    const body = utf8(JSON.stringify(content));
    const ack = await this.parts.publisher.publish(
      subject,
      body,
      signedHeaders(this.parts.key.sign(PURPOSES.record, subject, sha256(body)), expectedSeq),
    );
    return ack.seq;
  }

  /** What somebody else put there has version 0, whatever it says, so that the next put replaces it. */
  #revisionOf({ subject, seq, data, signature }: StreamMessage): Revision | undefined {
    const { key } = this.parts;
    const own = signature.kid[0] === key.kid && key.signed(PURPOSES.record, subject, sha256(data), signature.sig[0]);
    if (!own) return { version: 0, seq };
    const record = versionedSchema.safeParse(jsonOf(data));
    return record.success ? { version: record.data.version, seq } : undefined;
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
        const revision = this.#revisionOf(streamMessageOf(message));
        if (revision !== undefined) out.set(message.subject.slice(readModelSubject(owner, '').length), revision);
        if (message.info.pending === 0) return out;
      }
      throw new DependencyUnavailable(stream);
    } finally {
      clearTimeout(timer);
      messages.stop();
    }
  }
}
