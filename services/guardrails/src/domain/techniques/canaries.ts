import { sha256 } from '@countersign/primitives';
import { wholeField } from './technique.js';
import type { Field } from '../detection/fields.js';
import type { Hit } from './hit.js';

/** Words that look like canaries, in the form in which they are issued: `cnry-` and 16 hexadecimal digits. */
export type CanaryText = string;

/** Hash under which a canary is kept and looked up, across organisations; 64 random bits need no salt. */
export function canaryHash(canary: CanaryText): string {
  return sha256(`countersign/canary-hash/v1\0${canary}`).toString('hex');
}

/** `cnry-` in base64 at each of its three alignments, with how many characters of its first group stand before. */
const BASE64_MARKS = [
  ['Y25ye', 0],
  ['Nucnkt', 2],
  ['jbnJ5L', 3],
] as const;
/** Characters of base64 that hold `cnry-`, 16 digits and what its alignment puts before them. */
const BASE64_LENGTH = 32;
const CANARY = /cnry([0-9a-f]{16})/g;
const REVERSED = /([0-9a-f]{16})yrnc/g;
const HEXADECIMAL = /636e7279(?:2d)?((?:3[0-9]|6[1-6]){16})/g;

const BARE = wordCode('cnry');
const BACKWARDS = wordCode('yrnc');
/** The end of `cnry` in hexadecimal. */
const IN_HEXADECIMAL = wordCode('7279');
/** The ends of the marks in base64. */
const [MARK_0, MARK_1, MARK_2] = BASE64_MARKS.map(([mark]) => wordCode(mark.slice(-4)));

/** Four characters of ASCII as one number. */
function wordCode(text: string): number {
  let code = 0;
  for (const character of text) code = ((code << 7) | character.charCodeAt(0)) & 0xfffffff;
  return code;
}

/**
 * Whether a text can hold a suspect at all: nearly none does, and this is one pass. What is beyond ASCII or percent-encoded is always looked at. A text that
 * holds one has a word of four characters of it in a row, whatever separators are between them.
 */
function mayHoldSuspects(text: string): boolean {
  let squashed = 0;
  let dense = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code >= 0x80 || code === 0x25) return true;
    // white space of ASCII, the controls beside it included: those are looked over with it
    if (code > 0x20) {
      dense = ((dense << 7) | code) & 0xfffffff;
      if (dense === MARK_0 || dense === MARK_1 || dense === MARK_2) return true;
    }
    const isUpper = code >= 0x41 && code <= 0x5a;
    if (!isUpper && !(code >= 0x61 && code <= 0x7a) && !(code >= 0x30 && code <= 0x39)) continue;
    squashed = ((squashed << 7) | (isUpper ? code | 0x20 : code)) & 0xfffffff;
    if (squashed === BARE || squashed === BACKWARDS || squashed === IN_HEXADECIMAL) return true;
  }
  return false;
}

/**
 * Words in a text that could be canaries: after case and separators are squashed, reversed, in hexadecimal, percent-encoded and in base64. Whether one is a canary,
 * and whose, is looked up by its hash.
 */
export function suspectedCanaries(text: string): readonly CanaryText[] {
  if (!mayHoldSuspects(text)) return [];
  const found = new Set<string>();
  const plain = text.includes('%') ? [text, percentDecoded(text)] : [text];
  for (const view of [...plain, ...base64Decoded(text)]) {
    const squashed = squash(view);
    for (const [, digits = ''] of squashed.matchAll(CANARY)) found.add(digits);
    for (const [, digits = ''] of squashed.matchAll(REVERSED)) found.add([...digits].reverse().join(''));
    for (const [, bytes = ''] of squashed.matchAll(HEXADECIMAL))
      found.add(Buffer.from(bytes, 'hex').toString('latin1'));
  }
  return [...found].map((digits) => `cnry-${digits}`);
}

function squash(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '');
}

function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

function base64Decoded(text: string): readonly string[] {
  const dense = text.replace(/\s+/g, '');
  return BASE64_MARKS.flatMap(([mark, before]) => {
    const out: string[] = [];
    for (let at = dense.indexOf(mark); at >= 0; at = dense.indexOf(mark, at + 1))
      if (at >= before)
        out.push(Buffer.from(dense.slice(at - before, at - before + BASE64_LENGTH), 'base64').toString('latin1'));
    return out;
  });
}

/** A suspected canary with the field that it stands in. */
export interface Suspect {
  readonly field: number;
  readonly canary: CanaryText;
}

/** Most different words of a body that look like canaries: no honest body has more, and behind so many false ones a true one could hide. */
const MOST_SUSPECTS = 100;

/** Every suspect of a body; undefined when there are more than can be looked up. */
export function suspectsOf(fields: readonly Field[]): readonly Suspect[] | undefined {
  const suspects = fields.flatMap(({ text }, field) => suspectedCanaries(text).map((canary) => ({ field, canary })));
  return new Set(suspects.map(({ canary }) => canary)).size > MOST_SUSPECTS ? undefined : suspects;
}

/** What is known of suspects: the canary of the execution, and the hashes that are an operator's of whatever organisation. */
export interface CanaryFacts {
  readonly task?: CanaryText;
  readonly known: readonly string[];
}

/** Turns suspects into hits: an operator's canary is a leak; that of the execution itself only shows that it was echoed. */
export function canaryHits(fields: readonly Field[], suspects: readonly Suspect[], facts: CanaryFacts): readonly Hit[] {
  return suspects.flatMap(({ field, canary }): readonly Hit[] => {
    if (facts.known.includes(canaryHash(canary)))
      return [wholeField(fields, field, { category: 'CANARY_LEAK', kind: 'CANARY' })];
    return canary === facts.task ? [wholeField(fields, field, { category: 'TASK_CANARY', kind: 'CANARY' })] : [];
  });
}
