import type { Guardrail } from '@countersign/contracts';
import type { Field } from '../detection/fields.js';
import { JOINED, type Hit } from '../techniques/hit.js';
import { replacementOf, type KeyedHash } from './mask.js';
import { redactText, type Cut } from './redact-text.js';
import type { Rewrite } from './rewrite-json.js';

/** A guardrail that transforms, with what it found. */
export interface Transforming {
  readonly guardrail: Pick<Guardrail, 'action' | 'redaction' | 'placeholder'>;
  readonly hits: readonly Hit[];
}

/** How a body is rewritten. */
export interface TransformPlan {
  readonly rewrites: readonly Rewrite[];
  /** Hits that cannot be hidden: in a key of JSON, or without a place of their own. The body is then not fit to pass. */
  readonly unhidden: number;
  /** Numbers that become text. */
  readonly typeChanged: number;
}

/** Plans the transforms of a body from the original texts of its fields: where one field is both replaced and redacted it is replaced. */
export function planTransforms(
  fields: readonly Field[],
  transforming: readonly Transforming[],
  token: KeyedHash,
): TransformPlan {
  const rewrites: Rewrite[] = [];
  let unhidden = 0;
  let typeChanged = 0;
  for (const [index, field] of fields.entries()) {
    const here = transforming
      .map(({ guardrail, hits }) => ({ guardrail, hits: hits.filter((h) => h.field === index && h.view !== JOINED) }))
      .filter(({ hits }) => hits.length > 0);
    if (here.length === 0) continue;
    const text = rewritten(field, here, token);
    if (text === undefined) unhidden += 1;
    else {
      rewrites.push(rewriteOf(field, text));
      typeChanged += field.leaf === 'number' ? 1 : 0;
    }
  }
  return { rewrites, unhidden, typeChanged };
}

function rewritten(field: Field, here: readonly Transforming[], token: KeyedHash): string | undefined {
  if (field.leaf === 'key') return undefined;
  const replacing = here.find(({ guardrail }) => guardrail.action === 'REPLACE');
  if (replacing !== undefined) return replacing.guardrail.placeholder;
  const cuts = here.flatMap(({ guardrail, hits }) => hits.map((hit) => cutOf(field.text, hit, guardrail, token)));
  return cuts.some(({ start, end }) => start >= end) ? undefined : redactText(field.text, cuts);
}

function cutOf(text: string, hit: Hit, { redaction }: Transforming['guardrail'], token: KeyedHash): Cut {
  const { start, end, kind, category, view } = hit;
  const plain = view === 'original' || view === 'normalised';
  return {
    start,
    end,
    replacement: replacementOf(text.slice(start, end), { mode: redaction, kind, category, plain }, token),
  };
}

function rewriteOf({ part, path }: Field, text: string): Rewrite {
  const isRaw = path.length === 1 && path[0] === 'raw';
  return {
    path: ['data', 'parts', part, ...path],
    value: isRaw ? Buffer.from(text, 'utf8').toString('base64') : text,
  };
}
