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
const NAMES = ['filename', 'mediaType', 'origin'] as const;

class Unreadable extends Error {
  constructor(readonly reason: 'binary' | 'depth' | 'encoding') {
    super(reason);
  }
}

/** Walks a body part by part: every text, every string, number and key of JSON, names, references, and binary parts whose type is text. */
export function fieldsOf(parts: readonly Part[]): FieldsResult {
  try {
    return { ok: true, fields: parts.flatMap((part, index) => fieldsOfPart(part, index)) };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, reason: error.reason };
    throw error;
  }
}

type Head = Pick<Field, 'part' | 'origin' | 'external'>;

function fieldsOfPart(part: Part, index: number): readonly Field[] {
  const head: Head = { part: index, origin: part.channel ?? 'data', external: part.origin !== undefined };
  const names = NAMES.flatMap((name): Field[] => {
    const text = name in part ? (part as Partial<Record<typeof name, string>>)[name] : undefined;
    return text === undefined ? [] : [{ ...head, path: [name], text, leaf: 'name' }];
  });
  return [...names, ...contentOf(part, head)];
}

function contentOf(part: Part, head: Head): readonly Field[] {
  if ('text' in part) return [{ ...head, path: ['text'], text: part.text, leaf: 'text' }];
  if ('url' in part) return [{ ...head, path: ['url'], text: part.url, leaf: 'text' }];
  if ('raw' in part) return [{ ...head, path: ['raw'], text: decoded(part.raw, part.mediaType), leaf: 'text' }];
  const out: Field[] = [];
  collectLeaves(part.data, ['data'], head, out);
  return out;
}

function decoded(raw: string, mediaType: string): string {
  if (!TEXT_TYPES.test(mediaType)) throw new Unreadable('binary');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(raw, 'base64'));
  } catch {
    throw new Unreadable('encoding');
  }
}

function collectLeaves(value: unknown, path: Field['path'], head: Head, out: Field[]): void {
  if (path.length - 1 > MAX_DEPTH) throw new Unreadable('depth');
  if (typeof value === 'string') out.push({ ...head, path, text: value, leaf: 'string' });
  else if (typeof value === 'number') out.push({ ...head, path, text: String(value), leaf: 'number' });
  else if (Array.isArray(value)) value.forEach((item, i) => collectLeaves(item, [...path, i], head, out));
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) {
      out.push({ ...head, path: [...path, key], text: key, leaf: 'key' });
      collectLeaves(item, [...path, key], head, out);
    }
}
