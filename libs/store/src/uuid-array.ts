const UUID_OID = 2950;
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
 * A parameter of type `uuid[]` as PostgreSQL sends and receives it in binary (array_recv, uuid_recv): written as text each element is quoted here and parsed there, which costs
 * more than most of what is done with it. Throws for what is no uuid in its usual form.
 */
export function uuidArray(ids: readonly (string | null)[]): Buffer {
  const out = Buffer.allocUnsafe(20 + ids.length * (4 + LENGTH));
  let at = 0;
  for (const word of [1, ids.includes(null) ? 1 : 0, UUID_OID, ids.length, 1]) at = out.writeInt32BE(word, at);
  for (const id of ids)
    at = id === null ? out.writeInt32BE(NULL, at) : writeUuid(out, out.writeInt32BE(LENGTH, at), id);
  return out.subarray(0, at);
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
