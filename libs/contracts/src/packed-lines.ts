import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { CONTROLS, type Control } from './identities.js';

/** A verdict's line that is longer, in bytes, is recorded by its leaf alone. */
export const MAX_VERDICT_LINE = 32_768;

/** Verdict lines by control, each as it stood in its frame. */
export type VerdictLines = Readonly<Partial<Record<Control, string>>>;

/** Six lines of the longest kind, their names, and every character of them escaped. */
const MAX_UNPACKED = 8 * CONTROLS.length * MAX_VERDICT_LINE;
/** As packed: lines that do not shrink at all, in base64url. */
export const MAX_PACKED_LINES = MAX_UNPACKED * 2;

/** Packs lines for a frame: base64url of raw DEFLATE (RFC 1951) of a JSON object. Six lines name the same task six times and shrink to a fifth. */
export function packLines(lines: VerdictLines): string {
  // a window of 8 KiB holds what repeats, and costs half of setting up the largest one
  return deflateRawSync(JSON.stringify(lines), { level: 1, memLevel: 5, windowBits: 13 }).toString('base64url');
}

/** Undoes {@link packLines}; undefined for what is none, holds more than six of the longest lines could, or has a member that is no control's line. */
export function unpackLines(packed: string): VerdictLines | undefined {
  const lines = jsonOf(packed);
  if (typeof lines !== 'object' || lines === null || Array.isArray(lines)) return undefined;
  const entries = Object.entries(lines);
  const known = entries.every(
    ([control, line]) =>
      CONTROLS.some((name) => name === control) && typeof line === 'string' && line.length <= MAX_VERDICT_LINE,
  );
  return known ? (Object.fromEntries(entries) as VerdictLines) : undefined;
}

function jsonOf(packed: string): unknown {
  try {
    const bytes = inflateRawSync(Buffer.from(packed, 'base64url'), { maxOutputLength: MAX_UNPACKED });
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
