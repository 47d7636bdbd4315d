const SIZE = 1 << 16;

/** Tells fast which literals do not occur in a text, so that most patterns never run: a table of the text's trigrams, made in one pass. */
export class Literals {
  readonly #lower: string;
  readonly #lettersOnly: boolean;
  readonly #trigrams = new Uint32Array(SIZE / 32);
  #text: string | undefined;

  private constructor(lower: string, lettersOnly: boolean) {
    this.#lower = lower;
    this.#lettersOnly = lettersOnly;
    let hash = 0;
    let seen = 0;
    for (let i = 0; i < lower.length; i += 1) {
      const code = lower.charCodeAt(i);
      if (lettersOnly && (code < 0x61 || code > 0x7a)) continue;
      hash = step(hash, code);
      seen += 1;
      if (seen >= 3) this.#mark(hash);
    }
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
    let hash = 0;
    for (let i = 0; i < literal.length; i += 1) {
      hash = step(hash, literal.charCodeAt(i));
      if (i >= 2 && !this.#marked(hash)) return false;
    }
    return this.#searched().includes(literal);
  }

  /** Whether one of some literals occurs. */
  hasAny(literals: readonly string[]): boolean {
    for (const literal of literals) if (this.has(literal)) return true;
    return false;
  }

  #searched(): string {
    return (this.#text ??= this.#lettersOnly ? this.#lower.replace(/[^a-z]+/g, '') : this.#lower);
  }

  #mark(hash: number): void {
    this.#trigrams[hash >> 5] = (this.#trigrams[hash >> 5] ?? 0) | (1 << (hash & 31));
  }

  #marked(hash: number): boolean {
    return ((this.#trigrams[hash >> 5] ?? 0) & (1 << (hash & 31))) !== 0;
  }
}

/** Takes a character in; each is shifted out after three steps, so a hash stands for the last three. */
function step(hash: number, code: number): number {
  return ((hash << 6) ^ (code * 0x25)) & (SIZE - 1);
}
