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

/** Lines as they came packed. */
export interface UnpackedLines {
  readonly lines: VerdictLines;
  /** The JSON that was packed. */
  readonly json: Buffer;
  /** Its raw DEFLATE. */
  readonly deflated: Buffer;
}

/** Most that one turn of inflating gives: six usual lines fit, and a larger buffer costs more than it saves. */
const CHUNK = 8_192;

/**
 * Packs lines for a frame: base64url of raw DEFLATE (RFC 1951) of a JSON object in its canonical form (RFC 8785), so that audit seals what it is given and deflates nothing again. Six
 * lines name the same task six times and shrink to a fifth.
 */
export function packLines(lines: VerdictLines): string {
  const sorted = Object.fromEntries(Object.entries(lines).sort(([a], [b]) => (a < b ? -1 : 1)));
  // a window of 8 KiB holds what repeats, and costs half of setting up the largest one
  const options = { level: 1, memLevel: 5, windowBits: 13, chunkSize: CHUNK };
  return deflateRawSync(JSON.stringify(sorted), options).toString('base64url');
}

/** Undoes {@link packLines}; undefined for what is none, holds more than six of the longest lines could, or has a member that is no control's line. */
export function unpackLines(packed: string): UnpackedLines | undefined {
  const deflated = Buffer.from(packed, 'base64url');
  const json = inflated(deflated);
  const lines = json === undefined ? undefined : linesOf(json);
  return json === undefined || lines === undefined ? undefined : { lines, json, deflated };
}

function linesOf(json: Buffer): VerdictLines | undefined {
  const lines = parsed(json);
  if (typeof lines !== 'object' || lines === null || Array.isArray(lines)) return undefined;
  const entries = Object.entries(lines);
  const known = entries.every(
    ([control, line]) =>
      CONTROLS.some((name) => name === control) && typeof line === 'string' && line.length <= MAX_VERDICT_LINE,
  );
  return known ? Object.fromEntries(entries) : undefined;
}

function inflated(deflated: Buffer): Buffer | undefined {
  try {
    return inflateRawSync(deflated, { maxOutputLength: MAX_UNPACKED, chunkSize: CHUNK });
  } catch {
    return undefined;
  }
}

function parsed(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString('utf8'));
  } catch {
    return undefined;
  }
}
