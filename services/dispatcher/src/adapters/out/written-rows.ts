import { attemptText, type AttemptKey } from '../../domain/attempt.js';
import type { TaskRecord } from '../../domain/model.js';
import type { BodySide } from './task-bodies.js';
import type { KnownRow, Moment } from './task-rows.js';

const MOST_ROWS = 4_096;
const MOST_BODIES = 1_024;
const MOST_BODY_BYTES = 16 * 2 ** 20;

/**
 * Rows as this process committed them last, and the bodies that it sealed with them, so that they are not read back a moment later. Another replica may have moved a row on: only
 * what never changes of an attempt, or what is looked at again under the row's lock, may be taken from here. Another server may have lost what was committed: with it nothing is known. Bounded; the oldest
 * leave first.
 */
export class WrittenRows {
  readonly #rows = new Map<string, KnownRow>();
  readonly #grants = new Map<string, string>();
  readonly #bodies = new Map<string, Buffer>();
  #bodyBytes = 0;
  #server: string | undefined;

  /** Remembers rows after the commit of the transaction that wrote them. */
  keep(records: readonly TaskRecord[], { xid, server }: Moment): void {
    if (server !== this.#server) this.#forgetAll();
    this.#server = server;
    for (const record of records) {
      const name = attemptText(record);
      this.#rows.delete(name);
      this.#rows.set(name, { record, xid, server });
      if (record.grantId !== undefined) this.#grants.set(record.grantId, name);
    }
    for (const name of this.#rows.keys()) {
      if (this.#rows.size <= MOST_ROWS) return;
      this.#dropRow(name);
    }
  }

  /** The row of an attempt. */
  of(key: AttemptKey): TaskRecord | undefined {
    return this.known(key)?.record;
  }

  /** The row of an attempt and the transaction that wrote it: while it is that one's it is this. */
  known(key: AttemptKey): KnownRow | undefined {
    return this.#rows.get(attemptText(key));
  }

  /** The row whose claim made this grant. */
  ofGrant(grant: string): TaskRecord | undefined {
    return this.#rows.get(this.#grants.get(grant) ?? '')?.record;
  }

  /** Remembers a body after the commit that sealed it: the first of an attempt and side stands, so it is the one that is read later. */
  keepBody(key: AttemptKey, side: BodySide, bytes: Buffer): void {
    if (bytes.length > MOST_BODY_BYTES) return;
    this.#dropBody(bodyName(key, side));
    this.#bodies.set(bodyName(key, side), bytes);
    this.#bodyBytes += bytes.length;
    for (const name of this.#bodies.keys()) {
      if (this.#bodies.size <= MOST_BODIES && this.#bodyBytes <= MOST_BODY_BYTES) return;
      this.#dropBody(name);
    }
  }

  /** A body of an attempt. */
  body(key: AttemptKey, side: BodySide): Buffer | undefined {
    return this.#bodies.get(bodyName(key, side));
  }

  /** Forgets an attempt of which nothing is expected any more. */
  forget(key: AttemptKey): void {
    this.#dropRow(attemptText(key));
    for (const side of ['in', 'out', 'delivered'] as const) this.#dropBody(bodyName(key, side));
  }

  #forgetAll(): void {
    this.#rows.clear();
    this.#grants.clear();
    this.#bodies.clear();
    this.#bodyBytes = 0;
  }

  #dropRow(name: string): void {
    const grant = this.#rows.get(name)?.record.grantId;
    this.#rows.delete(name);
    if (grant !== undefined) this.#grants.delete(grant);
  }

  #dropBody(name: string): void {
    this.#bodyBytes -= this.#bodies.get(name)?.length ?? 0;
    this.#bodies.delete(name);
  }
}

function bodyName(key: AttemptKey, side: BodySide): string {
  return `${attemptText(key)}/${side}`;
}
