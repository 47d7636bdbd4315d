import type { Needles } from './needles.js';
import { BITS, step, trigramsOf } from './trigrams.js';

/** Of a short text fewer cells are marked, so a smaller table tells as much; the smallest lies with the objects, where it costs nothing to have and to be rid of. */
const SIZES = [
  { length: 32, bits: 9 },
  { length: 256, bits: 12 },
  { length: 2_048, bits: 14 },
] as const;

/** Tells fast which literals do not occur in a text, so that most patterns never run: a table of the text's trigrams, made in one pass. */
export class Literals {
  readonly #lower: string;
  readonly #lettersOnly: boolean;
  readonly #mask: number;
  readonly #trigrams: Uint32Array;
  #text: string | undefined;

  private constructor(lower: string, lettersOnly: boolean) {
    this.#lower = lower;
    this.#lettersOnly = lettersOnly;
    const size = 1 << (SIZES.find(({ length }) => lower.length <= length)?.bits ?? BITS);
    const table = new Uint32Array(size / 32);
    this.#mask = size - 1;
    let hash = 0;
    let seen = 0;
    for (let i = 0; i < lower.length; i += 1) {
      const code = lower.charCodeAt(i);
      if (lettersOnly && (code < 0x61 || code > 0x7a)) continue;
      hash = step(hash, code);
      seen += 1;
      const cell = hash & (size - 1);
      if (seen >= 3) table[cell >> 5] = (table[cell >> 5] ?? 0) | (1 << (cell & 31));
    }
    this.#trigrams = table;
  }

  /** The literals of a text, whatever its case. */
  static of(text: string): Literals {
    return new Literals(text.toLowerCase(), false);
  }

  /** The literals of the same text when nothing but its letters is left. */
  letters(): Literals {
    return new Literals(this.#lower, true);
  }

  /** Whether a literal in lower case occurs. */
  has(literal: string): boolean {
    for (const trigram of trigramsOf(literal)) if (!this.#marked(trigram)) return false;
    return this.#searched().includes(literal);
  }

  /** Which lists a text satisfies: 1 for each of which a literal occurs, in the order of the lists. Good until the same needles are asked for again. */
  satisfied({ always, found: out, literals, firsts, lists, short }: Needles): Uint8Array {
    out.set(always);
    for (let i = 0; i < firsts.length; i += 1) {
      if (!this.#marked(firsts[i] ?? 0)) continue;
      const list = lists[i] ?? 0;
      if (out[list] !== 1 && this.has(literals[i] ?? '')) out[list] = 1;
    }
    for (const { literal, list } of short) if (out[list] !== 1 && this.has(literal)) out[list] = 1;
    return out;
  }

  #searched(): string {
    return (this.#text ??= this.#lettersOnly ? this.#lower.replace(/[^a-z]+/g, '') : this.#lower);
  }

  #marked(trigram: number): boolean {
    const cell = trigram & this.#mask;
    return ((this.#trigrams[cell >> 5] ?? 0) & (1 << (cell & 31))) !== 0;
  }
}
