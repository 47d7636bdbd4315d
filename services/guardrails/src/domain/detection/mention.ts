import type { Hit } from './scan.js';

/** What a passage weighs that is quoted by a text about attacks: half of what is found, so that it takes a second sign to be found. */
export const MENTIONED = 50;

const QUOTES = '"\'`“”‘’«»';
const CLOSING_WITHIN = 24;
const ABOUT_WITHIN = 400;
const ABOUT =
  /prompt[- ]injection|jailbreak|\battack|adversar|malicious|guardrail|detect|red[- ]team|phrases? like|such as|for example|e\.g\.|quot(?:e|ed|es)\b|fixture|benchmark|vulnerab|owasp|security|payload|exploit|training (?:example|material)|regression|changelog|literal|refus|trainer|student|untrusted|documentation|classif|unsafe|risk|example/i;

/**
 * Whether a hit is a mention: the phrase alone stands in quotation marks, and the text around it is about attacks. Who hides behind that cannot put the payload into
 * the quotation, and what stands outside of it counts in full.
 */
export function isMention({ start, end }: Hit, text: string): boolean {
  const before = text.slice(Math.max(0, start - 2), start);
  if (![...before].some((c) => QUOTES.includes(c))) return false;
  const behind = text.slice(end, end + CLOSING_WITHIN);
  if (![...behind].some((c) => QUOTES.includes(c))) return false;
  return ABOUT.test(text.slice(Math.max(0, start - ABOUT_WITHIN), start) + text.slice(end, end + ABOUT_WITHIN));
}
