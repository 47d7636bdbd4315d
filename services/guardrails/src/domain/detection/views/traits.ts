import { BARRIER } from './barrier.js';

const NON_ASCII = 1 << 0;
const BARRIERS = 1 << 1;
/** Controls other than white space. */
const CONTROL = 1 << 2;
/** White space other than a space. */
const BREAK = 1 << 3;
const LETTER = 1 << 4;
const DIGIT = 1 << 5;
const LEET = 1 << 6;
const PERCENT = 1 << 7;
const AMPERSAND = 1 << 8;
const ESCAPE = 1 << 9;
const EQUALS = 1 << 10;
const SPACE = 1 << 11;
const BASE64 = 1 << 12;
const BASE32 = 1 << 13;
const HEX = 1 << 14;
/** What may stand between digits that are written in a row. */
const BETWEEN_HEX = 1 << 15;
const BETWEEN_DIGITS = 1 << 16;

const CLASSES: readonly (readonly [RegExp, number])[] = [
  // eslint-disable-next-line no-control-regex -- controls are what is asked for
  [/[\0-\x08\x0e-\x1f\x7f]/, CONTROL],
  [/[\t-\r]/, BREAK],
  [/[A-Za-z]/, LETTER],
  [/[0-9]/, DIGIT],
  [/[013457@$!|+8]/, LEET],
  [/%/, PERCENT],
  [/&/, AMPERSAND],
  [/[\\%+]/, ESCAPE],
  [/=/, EQUALS],
  [/ /, SPACE],
  [/[A-Za-z0-9+/_-]/, BASE64],
  [/[A-Z2-7]/, BASE32],
  [/[0-9A-Fa-f]/, HEX],
  [/[, :\\x-]/, BETWEEN_HEX],
  [/[, ;]/, BETWEEN_DIGITS],
];

const OF_ASCII = Int32Array.from({ length: 128 }, (_, code) =>
  CLASSES.reduce((bits, [pattern, bit]) => (pattern.test(String.fromCharCode(code)) ? bits | bit : bits), 0),
);
const BARRIER_CODE = BARRIER.charCodeAt(0);

/** What can be seen of a text in one pass. It tells which patterns cannot match: a trait that is false is certain, one that is true is not. */
export interface Traits {
  /** Beyond ASCII, barriers aside. */
  readonly nonAscii: boolean;
  /** Something that shows nothing. */
  readonly invisible: boolean;
  /** White space other than single spaces. */
  readonly whiteSpace: boolean;
  readonly lineBreak: boolean;
  /** Four letters or digits in a row that stand alone. */
  readonly spaced: boolean;
  /** A sign that passes for a letter, with a letter behind it. */
  readonly leet: boolean;
  readonly percent: boolean;
  readonly ampersand: boolean;
  readonly escape: boolean;
  readonly equals: boolean;
  readonly base64: boolean;
  readonly base32: boolean;
  readonly hex: boolean;
  readonly decimal: boolean;
}

/** The least that the decoders look at: characters of base64 and base32, and digits, in a row. */
const LEAST = { base64: 16, base32: 24, hex: 16, decimal: 16, singles: 4 } as const;

/** The classes of characters whose longest row is asked for: what counts in it, what goes on without counting. */
class Row {
  most = 0;
  #length = 0;

  constructor(
    private readonly counts: number,
    private readonly goesOn: number,
  ) {}

  take(bits: number): void {
    if ((bits & this.counts) !== 0) this.#length += 1;
    else if ((bits & this.goesOn) === 0) this.#length = 0;
    if (this.#length > this.most) this.most = this.#length;
  }
}

/** Words of one letter or digit in a row. */
class Singles {
  most = 0;
  #word = 0;
  #length = 0;

  take(bits: number): void {
    if ((bits & (LETTER | DIGIT)) !== 0) this.#word += 1;
    else if (this.#word > 0) this.end();
  }

  end(): void {
    this.#length = this.#word === 1 ? this.#length + 1 : 0;
    if (this.#length > this.most) this.most = this.#length;
    this.#word = 0;
  }
}

/** Reads the traits of a text. */
export function traitsOf(text: string): Traits {
  const [base64, base32] = [new Row(BASE64, 0), new Row(BASE32, 0)];
  const [hex, decimal] = [new Row(HEX, BETWEEN_HEX), new Row(DIGIT, BETWEEN_DIGITS)];
  const singles = new Singles();
  let seen = 0;
  let pairs = 0;
  let last = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    const bits = code < 128 ? (OF_ASCII[code] ?? 0) : code === BARRIER_CODE ? BARRIERS : NON_ASCII;
    seen |= bits;
    if ((last & SPACE) !== 0 && (bits & SPACE) !== 0) pairs |= SPACE;
    if ((last & LEET) !== 0 && (bits & LETTER) !== 0) pairs |= LEET;
    last = bits;
    singles.take(bits);
    base64.take(bits);
    base32.take(bits);
    hex.take(bits);
    decimal.take(bits);
  }
  singles.end();
  const has = (bits: number): boolean => (seen & bits) !== 0;
  return {
    nonAscii: has(NON_ASCII),
    invisible: has(NON_ASCII | CONTROL),
    whiteSpace: has(NON_ASCII | BREAK | BARRIERS) || (pairs & SPACE) !== 0,
    lineBreak: has(BREAK),
    spaced: singles.most >= LEAST.singles,
    leet: (pairs & LEET) !== 0,
    percent: has(PERCENT),
    ampersand: has(AMPERSAND),
    escape: has(ESCAPE),
    equals: has(EQUALS),
    base64: base64.most >= LEAST.base64,
    base32: base32.most >= LEAST.base32,
    hex: hex.most >= LEAST.hex,
    decimal: decimal.most >= LEAST.decimal,
  };
}
