import type { Field } from '../detection/fields.js';
import type { Hit } from './hit.js';
import { inTime, type Technique } from './technique.js';

const SEGMENT_LENGTH = 24;
const SEGMENT_ENTROPY = 3.5;
const BLOB_LENGTH = 256;
/** Long runs of one character are rules and padding, no data. */
const BLOB_ENTROPY = 3;

const LINK = /(?:\b[a-z][a-z0-9+.-]{1,15}:)?\/\/[^\s/<>"'`\\]{1,300}[^\s<>"'`]{0,4000}|\bdata:[^\s<>"'`)]{1,4000}/gi;
const BLOB = /[A-Za-z0-9+/_-]{16,}(?:\r?\n[A-Za-z0-9+/_-]{16,})*={0,2}/g;

/** Shannon entropy in bits a character. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** Whether a link carries data to a host that is not on the list: some segment of its name, path, query or fragment is long and looks random. */
export function carriesData(link: string, allowedHosts: readonly string[]): boolean {
  const host = /^(?:[a-z][a-z0-9+.-]*:)?\/\/(?:[^@/?#]*@)?([^:/?#]+)/i.exec(link)?.[1]?.toLowerCase() ?? '';
  if (allowedHosts.some((allowed) => isHost(host, allowed))) return false;
  return link
    .split(/[/?#&=;,@:.]/)
    .some((segment) => segment.length >= SEGMENT_LENGTH && entropyOf(segment) >= SEGMENT_ENTROPY);
}

function isHost(host: string, allowed: string): boolean {
  return allowed.startsWith('*.') ? host.endsWith(allowed.slice(1)) : host === allowed;
}

/** Ways in which an answer could carry data out: links, images and `data:` URIs, and encoded blocks that nothing in the task explains. */
export const exfiltrationChannels: Technique = (body, { allowedHosts }, { budget }) => {
  const { stage, fields } = body;
  if (stage !== 'OUTPUT') return [];
  const explained = (text: string): boolean => (body.input ?? []).some((field) => field.text.includes(text));
  return fields.flatMap((field, index) => {
    inTime(budget);
    return [
      ...spansOf(LINK, field, index)
        .filter(({ text }) => carriesData(text, allowedHosts) && !explained(text))
        .map(({ hit }) => ({ ...hit, kind: 'LINK' })),
      ...spansOf(BLOB, field, index)
        .filter(({ text }) => text.length >= BLOB_LENGTH && entropyOf(text) >= BLOB_ENTROPY && !explained(text))
        .map(({ hit }) => ({ ...hit, kind: 'ENCODED', atMost: 'ESCALATE' as const })),
    ];
  });
};

function spansOf(
  pattern: RegExp,
  { text, origin }: Field,
  field: number,
): readonly { readonly text: string; readonly hit: Hit }[] {
  return [...text.matchAll(pattern)].map(({ 0: match, index: start }) => ({
    text: match,
    hit: { category: 'EXFILTRATION', kind: 'LINK', field, start, end: start + match.length, view: 'original', origin },
  }));
}
