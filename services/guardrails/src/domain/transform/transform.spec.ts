import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { RedactionMode } from '@countersign/contracts';
import fc from 'fast-check';
import { parse } from 'yaml';
import { fieldsOf } from '../detection/fields.js';
import type { Hit, HitCategory } from '../techniques/hit.js';
import type { KeyedHash } from './mask.js';
import { planTransforms, type Transforming } from './plan-transforms.js';
import { redactText, type Cut } from './redact-text.js';
import { rewriteJson } from './rewrite-json.js';

interface Case {
  readonly name: string;
  readonly kind: string;
  readonly category?: HitCategory;
  readonly view?: string;
  readonly value: string;
  readonly text: string;
  readonly MASK: string;
  readonly LABEL: string;
}
const CASES = parse(
  readFileSync(join(import.meta.dirname, '..', '..', '..', 'cases', 'redaction.yaml'), 'utf8'),
) as readonly Case[];

const hash: KeyedHash = (purpose, text) => createHmac('sha256', 'key').update(purpose).update(text).digest('hex');
const guardrail = (redaction: RedactionMode, action: 'REDACT' | 'REPLACE' = 'REDACT'): Transforming['guardrail'] => ({
  action,
  redaction,
  placeholder: '[content removed by policy]',
});
const hit = (field: number, start: number, end: number, more: Partial<Hit> = {}): Hit => ({
  category: 'PII',
  kind: 'SSN',
  field,
  start,
  end,
  view: 'original',
  origin: 'data',
  ...more,
});

function fieldsIn(parts: Parameters<typeof fieldsOf>[0]) {
  const found = fieldsOf(parts);
  if (!found.ok) throw new Error(found.reason);
  return found.fields;
}

function redacted({ text, value, kind, category = 'PII', view = 'original' }: Case, mode: RedactionMode): string {
  const start = text.indexOf(value);
  const hits = [hit(0, start, start + value.length, { kind, category, view })];
  const { rewrites } = planTransforms(fieldsIn([{ text }]), [{ guardrail: guardrail(mode), hits }], hash);
  return rewrites[0]?.value ?? '';
}

describe('redaction', () => {
  it.each(CASES.map((c) => [c.name, c] as const))('of %s', (_name, given) => {
    expect({ MASK: redacted(given, 'MASK'), LABEL: redacted(given, 'LABEL') }).toEqual({
      MASK: given.MASK,
      LABEL: given.LABEL,
    });
  });

  it('by token gives one value one token, another value another', () => {
    const [card] = CASES;
    if (card === undefined) throw new Error('no case');
    const token = redacted(card, 'TOKEN');
    expect(token).toMatch(/^card ⟦CREDIT_CARD:[a-p]{8}⟧ ok$/);
    expect(redacted(card, 'TOKEN')).toBe(token);
    expect(redacted({ ...card, text: 'card 4012888888881881 ok', value: '4012888888881881' }, 'TOKEN')).not.toBe(token);
  });

  it('makes a number a text and says so, and cannot hide a key', () => {
    const parts = [{ data: { card: 4012888888881881, n: 3, 'key 123-45-6789': true } }];
    const fields = fieldsIn(parts);
    const card = fields.findIndex(({ leaf, text }) => leaf === 'number' && text.length === 16);
    const key = fields.findIndex(({ leaf, text }) => leaf === 'key' && text.startsWith('key'));
    const hits = [hit(card, 0, 16, { kind: 'CREDIT_CARD' }), hit(key, 4, 15)];
    expect(planTransforms(fields, [{ guardrail: guardrail('MASK'), hits }], hash)).toEqual({
      rewrites: [{ path: ['data', 'parts', 0, 'data', 'card'], value: '************1881' }],
      unhidden: 1,
      typeChanged: 1,
    });
  });

  it('writes a part that came in base64 back in base64', () => {
    const raw = Buffer.from('SSN 123-45-6789.').toString('base64');
    const plan = planTransforms(
      fieldsIn([{ raw, mediaType: 'text/plain' }]),
      [{ guardrail: guardrail('MASK'), hits: [hit(1, 4, 15)] }],
      hash,
    );
    expect(Buffer.from(plan.rewrites[0]?.value ?? '', 'base64').toString()).toBe('SSN ***-**-****.');
  });

  it('replaces a whole field where one guardrail replaces and another redacts', () => {
    const plan = planTransforms(
      fieldsIn([{ text: 'SSN 123-45-6789.' }]),
      [
        { guardrail: guardrail('MASK'), hits: [hit(0, 4, 15)] },
        { guardrail: guardrail('MASK', 'REPLACE'), hits: [hit(0, 0, 3)] },
      ],
      hash,
    );
    expect(plan.rewrites.map(({ value }) => value)).toEqual(['[content removed by policy]']);
  });
});

describe('cuts of a text', () => {
  it('let the longest win, then the leftmost, and show no value by half', () => {
    const cut = (start: number, end: number, replacement: string): Cut => ({ start, end, replacement });
    expect(redactText('abcdefghij', [cut(0, 4, '<A>'), cut(2, 8, '<B>')])).toBe('**<B>ij');
    expect(redactText('abcdefghij', [cut(4, 8, '<B>'), cut(2, 6, '<A>')])).toBe('ab<A>**ij');
    expect(redactText('abcdefghij', [cut(2, 8, '<A>'), cut(3, 5, '<B>')])).toBe('ab<A>ij');
  });

  it('leave everything outside of them as it is, and cover everything inside', () => {
    const cuts = fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 20 })), { maxLength: 8 });
    fc.assert(
      fc.property(
        fc.string({ minLength: 80, maxLength: 100, unit: fc.constantFrom(...'abc ') }),
        cuts,
        (text, spans) => {
          const out = redactText(
            text,
            spans.map(([start, length]) => ({ start, end: start + length, replacement: '#' })),
          );
          const covered = [...text].map((_c, i) => spans.some(([start, length]) => i >= start && i < start + length));
          // whatever is left of the text are exactly the characters outside, but for spaces of what lost against a longer cut
          const outside = [...text].filter((_c, i) => covered[i] !== true).join('');
          expect(out.replace(/[#*]/g, '').replace(/ /g, '')).toBe(outside.replace(/ /g, ''));
        },
      ),
    );
  });
});

describe('a rewritten document', () => {
  it('keeps every other character: digits of numbers, order and writing of keys, white space', () => {
    const json = '{ "a" : 12345678901234567890 , "b\\u0041":["x", "y\\n" ],\n"c":{"d":1.50,"e":"z"}}';
    expect(
      rewriteJson(json, [
        { path: ['bA', 1], value: 'Y"' },
        { path: ['c', 'd'], value: '****' },
        { path: ['nowhere'], value: 'no' },
      ]),
    ).toEqual({
      json: '{ "a" : 12345678901234567890 , "b\\u0041":["x", "Y\\"" ],\n"c":{"d":"****","e":"z"}}',
      count: 2,
    });
  });

  it('is what setting the leaf would have made', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.string(), fc.nat(), (value, text, pick) => {
        const document = { data: value };
        const paths = leavesOf(document);
        const path = paths[pick % paths.length];
        fc.pre(path !== undefined && !JSON.stringify(document).includes('__proto__'));
        const { json, count } = rewriteJson(JSON.stringify(document, null, pick % 3), [
          { path: path ?? [], value: text },
        ]);
        expect(count).toBe(1);
        expect(JSON.parse(json)).toEqual(withLeaf(JSON.parse(JSON.stringify(document)), path ?? [], text));
      }),
    );
  });
});

function leavesOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => leavesOf(item, [...path, i]));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...path, key]));
  return [path];
}

function withLeaf(document: unknown, path: readonly (string | number)[], leaf: string): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return leaf;
  if (Array.isArray(document))
    return document.map((item: unknown, i) => (i === key ? withLeaf(item, rest, leaf) : item));
  return Object.fromEntries(
    Object.entries(document as object).map(([k, item]) => [k, k === key ? withLeaf(item, rest, leaf) : item]),
  );
}
