/** Bits of a hash of three characters. */
export const BITS = 16;

/** Takes a character in; each is shifted out after three steps, so a hash stands for the last three. */
export function step(hash: number, code: number): number {
  return ((hash << 6) ^ (code * 0x25)) & ((1 << BITS) - 1);
}

/** Hashes of every three characters in a row. */
export function trigramsOf(text: string): readonly number[] {
  const out: number[] = [];
  let hash = 0;
  for (let i = 0; i < text.length; i += 1) {
    hash = step(hash, text.charCodeAt(i));
    if (i >= 2) out.push(hash);
  }
  return out;
}
