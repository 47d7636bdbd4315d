import { formatDigest, formatInstant, merkleLeaf, parseDigest, type Digest } from '@countersign/primitives';
import type { HeaderPayload } from '@countersign/record';
import { headerBytes, type EntryDraft } from '../../domain/entry-draft.js';
import { DECIDED } from '../../domain/sixfold-release.js';
import { epochNumber, epochOf } from '../../domain/payload-epoch.js';
import type { PayloadKeys } from './payload-keys.js';
import type { WrittenDecision } from './remembered-decisions.js';

/** The head of a chain: number of entries, and the leaf of the last one. */
export interface Head {
  readonly size: number;
  readonly last: Digest;
}

/** Values one behind another, each with where it begins (from 1) and its length. */
class Packed {
  readonly #parts: Buffer[] = [];
  #length = 0;

  add(part: Buffer): readonly [from: number, length: number] {
    const from = this.#length + 1;
    this.#parts.push(part);
    this.#length += part.length;
    return [from, part.length];
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts, this.#length);
  }
}

/**
 * Rows as one array literal a column. Ids, numbers, instants, digests and types hold nothing that would have to be quoted; what did would change the count of one
 * column, which append() refuses.
 */
class Columns {
  readonly #columns: (string | number)[][];

  constructor(count: number) {
    this.#columns = Array.from({ length: count }, () => []);
  }

  get rows(): number {
    return this.#columns[0]?.length ?? 0;
  }

  add(row: readonly (string | number | null)[]): void {
    this.#columns.forEach((column, i) => column.push(row[i] ?? 'NULL'));
  }

  literals(): readonly string[] {
    return this.#columns.map((column) => `{${column.join(',')}}`);
  }
}

/** Entries of one organisation as the parameters of append(), from its head on. */
export class EntryValues {
  readonly #entries = new Columns(10);
  readonly #headers = new Packed();
  readonly #leaves = new Packed();
  readonly #payloads = new Columns(5);
  readonly #sealed = new Packed();
  readonly #decisions: WrittenDecision[] = [];
  #last: Digest;

  constructor(
    readonly org: string,
    private readonly from: Head,
    private readonly keys: PayloadKeys,
  ) {
    this.#last = from.last;
  }

  /** The head behind the entries added so far. */
  get head(): Head {
    return { size: this.from.size + this.#entries.rows, last: this.#last };
  }

  /** The decisions among them. */
  get decisions(): readonly WrittenDecision[] {
    return this.#decisions;
  }

  /** Adds the entry that comes next; answers where it stands. */
  add(draft: EntryDraft): { readonly position: number; readonly leaf: Digest } {
    const { size: position, last: prev } = this.head;
    const header = headerBytes(draft, { position, prev }, this.#seal(draft));
    const leaf = merkleLeaf(header);
    const { eventId, type, agent, task, attempt, round, at, content } = draft;
    const { inputDigest } = content;
    const digest = typeof inputDigest === 'string' ? inputDigest : null;
    const place = this.#headers.add(header);
    this.#entries.add([...place, eventId, type, agent, task, attempt, round, digest, formatInstant(at)]);
    this.#leaves.add(leaf);
    if (type === DECIDED) this.#decisions.push({ org: this.org, id: eventId, header: header.toString('utf8') });
    this.#last = formatDigest(leaf);
    return { position, leaf: this.#last };
  }

  /** What append() takes. */
  parameters(): readonly unknown[] {
    const { org, from } = this;
    return [
      ...[org, from.size, parseDigest(from.last), this.#headers.bytes(), this.#leaves.bytes()],
      ...this.#entries.literals(),
      this.#sealed.bytes(),
      ...this.#payloads.literals(),
    ];
  }

  #seal({ org, eventId, at, payload }: EntryDraft): HeaderPayload | null {
    if (payload === undefined) return null;
    const { kind } = payload;
    const epoch = epochOf(at);
    const found = this.keys.known(org, epoch)?.seal(payload, { org, id: eventId });
    if (found === undefined) return { kind, epoch, commitment: null };
    this.#payloads.add([this.#entries.rows, epochNumber(epoch), kind, ...this.#sealed.add(found.sealed)]);
    return { kind, epoch, commitment: found.commitment };
  }
}
