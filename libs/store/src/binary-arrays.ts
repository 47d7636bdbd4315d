const UUID_OID = 2950;
const JSON_OID = 114;
/** Bytes before the first element. */
const HEAD = 20;
const LENGTH = 16;
const NULL = -1;
/** Where a uuid's text has no digit. */
const DASHES = [8, 13, 18, 23];

const NO_DIGIT = 0xff;
const DIGITS = new Uint8Array(256).fill(NO_DIGIT);
for (let value = 0; value < 16; value += 1) {
  const digit = value.toString(16);
  DIGITS[digit.charCodeAt(0)] = DIGITS[digit.toUpperCase().charCodeAt(0)] = value;
}

/**
 * A parameter of type `uuid[]` as PostgreSQL receives it in binary (array_recv, uuid_recv): written as text each element is quoted here and parsed there, which costs more than most of what is done with it. Throws
 * for what is no uuid in its usual form.
 */
export function uuidArray(ids: readonly (string | null)[]): Buffer {
  const out = Buffer.allocUnsafe(HEAD + ids.length * (4 + LENGTH));
  let at = writeHead(out, { type: UUID_OID, length: ids.length, nulls: ids.includes(null) });
  for (const id of ids)
    at = id === null ? out.writeInt32BE(NULL, at) : writeUuid(out, out.writeInt32BE(LENGTH, at), id);
  return out.subarray(0, at);
}

/** A parameter of type `json[]` in binary (json_recv): each value is parsed once where it arrives, and nothing of it is escaped or copied on the way there. */
export function jsonArray(values: readonly object[]): Buffer {
  const texts = values.map((value) => JSON.stringify(value));
  const out = Buffer.allocUnsafe(texts.reduce((size, text) => size + 4 + Buffer.byteLength(text), HEAD));
  let at = writeHead(out, { type: JSON_OID, length: texts.length, nulls: false });
  for (const text of texts) {
    const written = out.write(text, at + 4);
    at = out.writeInt32BE(written, at) + written;
  }
  return out;
}

/** One dimension, from 1 on. */
function writeHead(
  out: Buffer,
  { type, length, nulls }: { readonly type: number; readonly length: number; readonly nulls: boolean },
): number {
  return [1, nulls ? 1 : 0, type, length, 1].reduce((at, word) => out.writeInt32BE(word, at), 0);
}

function writeUuid(out: Buffer, from: number, id: string): number {
  let at = from;
  let unknown = id.length === 36 && DASHES.every((dash) => id[dash] === '-') ? 0 : NO_DIGIT;
  for (let i = 0; i < 36; i += 2) {
    if (i === 8 || i === 13 || i === 18 || i === 23) i += 1;
    const high = DIGITS[id.charCodeAt(i)] ?? NO_DIGIT;
    const low = DIGITS[id.charCodeAt(i + 1)] ?? NO_DIGIT;
    unknown |= (high | low) & 0xf0;
    out[at] = (high << 4) | low;
    at += 1;
  }
  if (unknown !== 0) throw new TypeError(`not a uuid: ${id.slice(0, 40)}`);
  return at;
}
