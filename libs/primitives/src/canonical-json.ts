/** Values that canonical JSON takes: no fractions, no `undefined`, no class instances. */
export type CanonicalValue =
  string | number | boolean | null | readonly CanonicalValue[] | { readonly [key: string]: CanonicalValue };

const MAX_DEPTH = 64;

/**
 * Writes JSON in the one form of RFC 8785 (JCS), for a strict subset: strings of well-formed Unicode, safe integers, booleans, null,
 * dense arrays and plain objects. Throws a TypeError that names the path for everything else, so nothing is dropped or rounded in silence.
 */
export function canonicalJson(value: unknown): string {
  return write(value, '$', 0);
}

function write(value: unknown, path: string, depth: number): string {
  if (depth > MAX_DEPTH) throw new TypeError(`canonical json: deeper than ${MAX_DEPTH} at ${path}`);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return writeString(value, path);
  if (typeof value === 'number') return writeNumber(value, path);
  if (Array.isArray(value)) return writeArray(value, path, depth);
  if (isPlainObject(value)) return writeObject(value, path, depth);
  throw new TypeError(`canonical json: cannot write ${typeof value} at ${path}`);
}

function writeString(value: string, path: string): string {
  if (!value.isWellFormed()) throw new TypeError(`canonical json: lone surrogate at ${path}`);
  return JSON.stringify(value);
}

function writeNumber(value: number, path: string): string {
  if (!Number.isSafeInteger(value)) throw new TypeError(`canonical json: not a safe integer at ${path}`);
  return Object.is(value, -0) ? '0' : String(value);
}

function writeArray(value: readonly unknown[], path: string, depth: number): string {
  const parts: string[] = [];
  for (let i = 0; i < value.length; i += 1) {
    if (!(i in value)) throw new TypeError(`canonical json: hole at ${path}[${i}]`);
    parts.push(write(value[i], `${path}[${i}]`, depth + 1));
  }
  return `[${parts.join(',')}]`;
}

function writeObject(value: Readonly<Record<string, unknown>>, path: string, depth: number): string {
  // RFC 8785 section 3.2.3 sorts by UTF-16 code units, which is what comparing JavaScript strings does
  const keys = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  return `{${keys.map((key) => `${writeString(key, path)}:${write(value[key], `${path}.${key}`, depth + 1)}`).join(',')}}`;
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
