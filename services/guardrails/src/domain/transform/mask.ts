import type { RedactionMode } from '@countersign/contracts';
import type { HitCategory } from '../techniques/hit.js';

/** A keyed hash as lower-case hexadecimal digits: HMAC-SHA-256 under the service's key, with the purpose in what is hashed. */
export type KeyedHash = (purpose: string, text: string) => string;

/** What stands behind a replacement. */
export interface Redaction {
  readonly mode: RedactionMode;
  readonly kind: string;
  readonly category: HitCategory;
  /** Whether the value stands in the text as it is; what stands in a decoded view has no format that could be kept. */
  readonly plain: boolean;
}

const VISIBLE = /[\p{L}\p{N}]/u;
const KEEP_LAST: Readonly<Record<string, number>> = { CREDIT_CARD: 4, SSN: 0, PHONE: 2, IBAN: 4 };
/** Categories whose values have a format that helps whoever reads on. */
const MASKABLE: readonly HitCategory[] = ['PII', 'COMPLIANCE', 'BRAND'];

/** Stars for letters and digits but the last `keep`; separators stay. */
export function stars(value: string, keep = 0): string {
  const characters = [...value];
  let hidden = characters.filter((c) => VISIBLE.test(c)).length - keep;
  return characters.map((c) => (VISIBLE.test(c) && hidden-- > 0 ? '*'.repeat(c.length) : c)).join('');
}

/** What is written in place of a value. TOKEN gives the same token for the same value under the same scope. */
export function replacementOf(value: string, { mode, kind, category, plain }: Redaction, token: KeyedHash): string {
  switch (mode) {
    case 'LABEL':
      return label(kind);
    case 'TOKEN':
      return `⟦${kind}:${letters(token(`token ${kind}`, value).slice(0, 8))}⟧`;
    case 'MASK':
      return plain && MASKABLE.includes(category) ? mask(value, kind) : label(kind);
  }
}

/** Hexadecimal digits as the letters a to p: digits of a token could be taken for digits of a number. */
function letters(hex: string): string {
  return [...hex].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 16))).join('');
}

function label(kind: string): string {
  return `[REDACTED:${kind}]`;
}

function mask(value: string, kind: string): string {
  if (kind === 'EMAIL') return maskEmail(value);
  if (kind === 'IBAN') return value.slice(0, 2) + stars(value.slice(2), 4);
  const country = kind === 'PHONE' ? (/^\+\d{1,3}/.exec(value)?.[0] ?? '') : '';
  return country + stars(value.slice(country.length), KEEP_LAST[kind] ?? 0);
}

/** The first letter and the domain stay. */
function maskEmail(value: string): string {
  const at = value.lastIndexOf('@');
  if (at < 0) return stars(value);
  const local = [...value.slice(0, at)];
  return `${local[0] ?? ''}${'*'.repeat(Math.max(1, local.length - 1))}${value.slice(at)}`;
}
