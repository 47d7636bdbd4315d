/** An amount in millionths of one currency unit (1 USD = 1,000,000), never a floating-point number. */
export type Micros = bigint;

/** Largest amount that PostgreSQL's bigint holds. */
export const MAX_MICROS: Micros = 9_223_372_036_854_775_807n;

const MICROS = /^(0|[1-9]\d{0,18})$/;
const DECIMAL = /^(\d{1,12})(?:\.(\d{1,6}))?$/;
const PER_MILLION = 1_000_000n;

/** Tells whether the text is a whole number of micros, zero or more, without sign or leading zeros, that a bigint column holds. */
export function isMicros(text: string): boolean {
  return MICROS.test(text) && BigInt(text) <= MAX_MICROS;
}

/** Reads a decimal string of micros; throws when it is none. */
export function parseMicros(text: string): Micros {
  if (!isMicros(text)) throw new Error(`not an amount in micros: ${text.slice(0, 40)}`);
  return BigInt(text);
}

/** Reads what a person types, such as `100`, `9.5` or `$0.25`, as micros; throws on more than six decimals or anything else. */
export function microsOfDecimal(text: string): Micros {
  const match = DECIMAL.exec(text.replace(/^\$/, ''));
  if (match === null) throw new Error(`not an amount of money: ${text.slice(0, 40)} (right would be 100 or 9.50)`);
  return BigInt(match[1] ?? '0') * PER_MILLION + BigInt((match[2] ?? '').padEnd(6, '0'));
}

/** Writes micros for people with at least two decimals and no rounding: 12500000n becomes `12.50`. */
export function decimalOfMicros(micros: Micros): string {
  const sign = micros < 0n ? '-' : '';
  const value = micros < 0n ? -micros : micros;
  const fraction = (value % PER_MILLION)
    .toString()
    .padStart(6, '0')
    .replace(/0{1,4}$/, '');
  return `${sign}${(value / PER_MILLION).toString()}.${fraction}`;
}

/** The price of a number of tokens at a rate in micros per million tokens, rounded up, so that rounding never under-counts. */
export function costOfTokens(tokens: number, microsPerMillion: Micros): Micros {
  if (!Number.isSafeInteger(tokens) || tokens < 0) throw new Error(`not a number of tokens: ${tokens}`);
  return (BigInt(tokens) * microsPerMillion + PER_MILLION - 1n) / PER_MILLION;
}

/** The larger of two amounts. */
export function maxMicros(a: Micros, b: Micros): Micros {
  return a > b ? a : b;
}
