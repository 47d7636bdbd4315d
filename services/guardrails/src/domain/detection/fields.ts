import type { Part } from '@countersign/contracts';
import type { Origin } from './finding.js';

/** A text of a body, with the place it stands at and where it came from. */
export interface Field {
  /** Keys from the part on, such as `['text']`, `['data', 'rows', 0, 'name']`, `['filename']`; of a key the path of its value. */
  readonly path: readonly (string | number)[];
  /** Index of the part. */
  readonly part: number;
  /** The text as it stands; of `raw` the text that its base64 holds, of a number its decimal form. */
  readonly text: string;
  readonly origin: Origin;
  /** Whether the part says that it came from outside. */
  readonly external: boolean;
  readonly leaf: 'text' | 'string' | 'number' | 'key' | 'name';
}

/** All texts of a body, or why there is something in it that cannot be read; a security guardrail then blocks. */
export type FieldsResult =
  | { readonly ok: true; readonly fields: readonly Field[] }
  | { readonly ok: false; readonly reason: 'binary' | 'depth' | 'encoding' };

const MAX_DEPTH = 64;
const TEXT_TYPES =
  /^(?:text\/|application\/(?:json|xml|yaml|x-yaml|javascript|sql)|[^;\s]{1,150}\+(?:json|xml)(?:;|$))/i;

type JsonValue = Extract<Part, { readonly data: unknown }>['data'];
type Reason = Extract<FieldsResult, { readonly ok: false }>['reason'];

/** Walks a body part by part: every text, every string, number and key of JSON, names, references, and binary parts whose type is text. */
export function fieldsOf(parts: readonly Part[]): FieldsResult {
  const fields: Field[] = [];
  for (const [index, part] of parts.entries()) {
    const reason = new PartWalk(part, index, fields).run();
    if (reason !== undefined) return { ok: false, reason };
  }
  return { ok: true, fields };
}

/** Collects the fields of one part; says why when it cannot. */
class PartWalk {
  readonly #head: Pick<Field, 'part' | 'origin' | 'external'>;

  constructor(
    private readonly part: Part,
    index: number,
    private readonly out: Field[],
  ) {
    this.#head = { part: index, origin: part.channel ?? 'data', external: part.origin !== undefined };
  }

  run(): Reason | undefined {
    const { part } = this;
    this.#name('origin', part.origin);
    this.#name('mediaType', part.mediaType);
    this.#name('filename', part.filename);
    if ('text' in part) return this.#add(['text'], part.text, 'text');
    if ('url' in part) return this.#add(['url'], part.url, 'text');
    if ('raw' in part) return this.#raw(part.raw, part.mediaType);
    return this.#leaves(part.data, ['data']);
  }

  #add(path: Field['path'], text: string, leaf: Field['leaf']): undefined {
    this.out.push({ ...this.#head, path, text, leaf });
  }

  #name(key: string, text: string | undefined): void {
    if (text !== undefined) this.#add([key], text, 'name');
  }

  #raw(raw: string, mediaType: string): Reason | undefined {
    if (!TEXT_TYPES.test(mediaType)) return 'binary';
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(raw, 'base64'));
      return this.#add(['raw'], text, 'text');
    } catch {
      return 'encoding';
    }
  }

  #leaves(value: JsonValue, path: Field['path']): Reason | undefined {
    if (path.length - 1 > MAX_DEPTH) return 'depth';
    if (typeof value === 'string') return this.#add(path, value, 'string');
    if (typeof value === 'number') return this.#add(path, String(value), 'number');
    if (typeof value !== 'object' || value === null) return undefined;
    return Array.isArray(value)
      ? firstReason(value.entries(), ([index, item]) => this.#leaves(item, [...path, index]))
      : firstReason(Object.entries(value), ([key, item]) => {
          this.#add([...path, key], key, 'key');
          return this.#leaves(item, [...path, key]);
        });
  }
}

function firstReason<T>(items: Iterable<T>, visit: (item: T) => Reason | undefined): Reason | undefined {
  for (const item of items) {
    const reason = visit(item);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
