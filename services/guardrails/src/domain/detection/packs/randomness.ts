import type { Confirm } from '../rule.js';

/** Bits per character: random letters and digits are above 3.5, words and placeholders below. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let bits = 0;
  for (const n of counts.values()) bits -= (n / text.length) * Math.log2(n / text.length);
  return bits;
}

/** What stands where a secret would be in examples and templates. */
const PLACEHOLDER =
  /example|sample|placeholder|dummy|changeme|change_me|your[_-]?|redacted|xxxx|aaaa|0000000|1234567890|abcdefghij|\*\*\*|\.\.\.|<[a-z]|\$\{|\{\{|fake(?!$)/i;

/** Whether something is put for a secret, not one. */
export function isPlaceholder(value: string): boolean {
  return PLACEHOLDER.test(value);
}

/** Confirms a match whose last characters are as random as that. */
export function random(bits: number): Confirm {
  return (match) => {
    const tail = match.slice(-Math.min(40, Math.max(16, match.length - 4)));
    return !isPlaceholder(tail) && entropy(tail) >= bits;
  };
}
