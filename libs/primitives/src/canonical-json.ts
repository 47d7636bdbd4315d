/** Values that canonical JSON takes: no fractions, no `undefined`, no class instances. */
export type CanonicalValue =
  string | number | boolean | null | readonly CanonicalValue[] | { readonly [key: string]: CanonicalValue };

const MAX_DEPTH = 64;
/** Text that stands in JSON as it is: printable ASCII without quotation mark and backslash. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Keys and indexes from the root to what is being written. */
type Path = (string | number)[];

/**
 * Writes JSON in the one form of RFC 8785 (JCS), for a strict subset: strings of well-formed Unicode, safe integers, booleans, null,
 * dense arrays and plain objects. Throws a TypeError that names the path for everything else, so nothing is dropped or rounded in silence.
 */
export function canonicalJson(value: unknown): string {
  return write(value, []);
}

function write(value: unknown, path: Path): string {
  if (path.length > MAX_DEPTH) throw refusal(`deeper than ${MAX_DEPTH}`, path);
  if (typeof value === 'string') return writeString(value, path);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return writeNumber(value, path);
  if (Array.isArray(value)) return writeArray(value, path);
  if (isPlainObject(value)) return writeObject(value, path);
  throw refusal(`cannot write ${typeof value}`, path);
}

function writeString(value: string, path: Path): string {
  if (PLAIN.test(value)) return `"${value}"`;
  if (!value.isWellFormed()) throw refusal('lone surrogate', path);
  return JSON.stringify(value);
}

function writeNumber(value: number, path: Path): string {
  if (!Number.isSafeInteger(value)) throw refusal('not a safe integer', path);
  return Object.is(value, -0) ? '0' : String(value);
}

function writeArray(value: readonly unknown[], path: Path): string {
  let text = '';
  for (let i = 0; i < value.length; i += 1) {
    path.push(i);
    if (!(i in value)) throw refusal('hole', path);
    text += `${i === 0 ? '' : ','}${write(value[i], path)}`;
    path.pop();
  }
  return `[${text}]`;
}

function writeObject(value: Readonly<Record<string, unknown>>, path: Path): string {
  let text = '';
  // RFC 8785 section 3.2.3 sorts by UTF-16 code units, which is what comparing JavaScript strings does
  for (const key of Object.keys(value).sort((a, b) => (a < b ? -1 : 1))) {
    const name = writeString(key, path);
    path.push(key);
    text += `${text === '' ? '' : ','}${name}:${write(value[key], path)}`;
    path.pop();
  }
  return `{${text}}`;
}

function refusal(problem: string, path: Path): TypeError {
  const place = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return new TypeError(`canonical json: ${problem} at $${place}`);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
