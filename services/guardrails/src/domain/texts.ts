import type { Part } from '@countersign/contracts';

/** A text of a body with where it came from: `instruction` is what the agent wrote, everything else is data. */
export interface ScannableText {
  readonly text: string;
  readonly origin: 'instruction' | 'data';
}

/** What could not be turned into text; a security guardrail blocks on it. */
export interface Unreadable {
  readonly reason: 'binary' | 'depth';
}

const MAX_DEPTH = 64;
const TEXT_TYPES = /^(?:text\/|application\/(?:json|xml|yaml|x-yaml|javascript|sql)|.*\+(?:json|xml)$)/i;

/** Walks a body part by part: every text, every string of JSON (keys too), names of files, references, and binary parts whose type is text. */
export function textsOf(parts: readonly Part[]): readonly (ScannableText | Unreadable)[] {
  return parts.flatMap((part) => textsOfPart(part));
}

function textsOfPart(part: Part): readonly (ScannableText | Unreadable)[] {
  const origin = part.channel === 'instruction' ? 'instruction' : 'data';
  const out: (ScannableText | Unreadable)[] = [];
  if (part.filename !== undefined) out.push({ text: part.filename, origin });
  if ('text' in part) out.push({ text: part.text, origin });
  else if ('url' in part) out.push({ text: part.url, origin });
  else if ('data' in part) out.push(...leavesOf(part.data, origin, 0));
  else out.push(decoded(part.raw, part.mediaType, origin));
  return out;
}

function decoded(raw: string, mediaType: string, origin: ScannableText['origin']): ScannableText | Unreadable {
  if (!TEXT_TYPES.test(mediaType)) return { reason: 'binary' };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(raw, 'base64')), origin };
  } catch {
    return { reason: 'binary' };
  }
}

function leavesOf(
  value: unknown,
  origin: ScannableText['origin'],
  depth: number,
): readonly (ScannableText | Unreadable)[] {
  if (depth > MAX_DEPTH) return [{ reason: 'depth' }];
  if (typeof value === 'string') return [{ text: value, origin }];
  if (Array.isArray(value)) return value.flatMap((item) => leavesOf(item, origin, depth + 1));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [{ text: key, origin }, ...leavesOf(item, origin, depth + 1)]);
}
