import { Injectable } from '@nestjs/common';
import { decodeRound, resultDigest, resultEnvelopeSchema, taskDigest } from '@countersign/contracts';
import { BodyStore, Bus, jsonOf, Publisher, StreamLookup } from '@countersign/bus';
import type { TaskRecord } from '../../domain/model.js';
import { TaskStore } from './task.store.js';

/** Finds the bytes of an attempt where they are kept, and answers only those that hash to what was judged or signed. */
@Injectable()
export class StoredBytes {
  readonly #lookup: StreamLookup;
  readonly #bodies: BodyStore;

  constructor(
    bus: Bus,
    publisher: Publisher,
    private readonly store: TaskStore,
  ) {
    this.#lookup = new StreamLookup(bus);
    this.#bodies = new BodyStore(bus, publisher);
  }

  /** The original bytes of the judged round as the log holds them; unchecked. */
  async loggedInput({ seq }: TaskRecord): Promise<Buffer | undefined> {
    const message = await this.#lookup.message('ING', seq);
    if (message === undefined) return undefined;
    return message.subject.startsWith('rnd.') ? decodeRound(message.data)?.body : message.data;
  }

  /** The task's original bytes: sealed for a later round, else in the log. */
  async input(record: TaskRecord): Promise<Buffer | undefined> {
    const body = (await this.store.body(record, 'in')) ?? (await this.loggedInput(record));
    return body !== undefined && taskDigest(record.key, body) === record.digest ? body : undefined;
  }

  /** What guardrails made of the task in this very round. */
  async transformedInput({ key, attempt, round, deliverDigest }: TaskRecord): Promise<Buffer | undefined> {
    const body = await this.#bodies.get({ key, attempt, round, side: 'in' });
    return body !== undefined && taskDigest(key, body) === deliverDigest ? body : undefined;
  }

  /** What guardrails made of this attempt's result; nothing when it is no result any more. */
  async transformedOutput(record: TaskRecord, digest: string): Promise<Buffer | undefined> {
    const { key, attempt, round, connection, grantId } = record;
    if (connection === undefined || grantId === undefined) return undefined;
    const body = await this.#bodies.get({ key, attempt, round, side: 'out' });
    if (body === undefined || resultDigest(connection, grantId, body) !== digest) return undefined;
    return resultEnvelopeSchema.safeParse(jsonOf(body)).success ? body : undefined;
  }
}
