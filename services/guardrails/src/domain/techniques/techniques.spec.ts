import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { guardrailSchema, type Guardrail, type Part } from '@countersign/contracts';
import fc from 'fast-check';
import { parse } from 'yaml';
import { fieldsOf, type Field } from '../detection/fields.js';
import type { KeyedHash } from '../transform/mask.js';
import { canaryHash, canaryHits, suspectedCanaries, suspectsOf } from './canaries.js';
import { exfiltrationChannels } from './exfiltration-channels.js';
import { grounding, groundingOf } from './grounding.js';
import { jsonFormat } from './json-format.js';
import { onlyNewPersonalData } from './new-personal-data.js';
import { ownPatterns } from './own-patterns.js';
import { phrases } from './phrases.js';
import { isLeak, promptLeak, promptOverlap, shinglesOf } from './prompt-leak.js';
import { TimeUp, type BodyUnderScreening, type Technique } from './technique.js';

interface OutputCases {
  readonly canaries: {
    readonly canary: string;
    readonly texts: readonly { readonly text: string; readonly hit: boolean }[];
  };
  readonly prompt: {
    readonly text: string;
    readonly outputs: readonly {
      readonly text: string;
      readonly share: number;
      readonly run: number;
      readonly leak: boolean;
    }[];
  };
  readonly grounding: {
    readonly sources: readonly string[];
    readonly outputs: readonly {
      readonly text: string;
      readonly atoms: number;
      readonly score: number | null;
      readonly unsupported: readonly string[];
    }[];
  };
  readonly links: {
    readonly allowed: readonly string[];
    readonly texts: readonly { readonly text: string; readonly data: boolean }[];
  };
}
const CASES = parse(
  readFileSync(join(import.meta.dirname, '..', '..', '..', 'cases', 'output.yaml'), 'utf8'),
) as OutputCases;

const hash: KeyedHash = (purpose, text) => createHmac('sha256', 'key').update(purpose).update(text).digest('hex');
const inTime = { budget: { expired: () => false }, hash };
const over = { budget: { expired: () => true }, hash };

function fieldsIn(parts: readonly Part[]): readonly Field[] {
  const found = fieldsOf(parts);
  if (!found.ok) throw new Error(found.reason);
  return found.fields;
}
function output(parts: readonly Part[], more: Partial<BodyUnderScreening> = {}): BodyUnderScreening {
  return { stage: 'OUTPUT', parts, fields: fieldsIn(parts), ...more };
}
const guardrail = (fields: Partial<Guardrail>): Guardrail =>
  guardrailSchema.parse({
    id: 'g',
    name: 'G',
    version: 1,
    stage: 'OUTPUT',
    category: 'QUALITY',
    packs: ['grounding'],
    action: 'WARN',
    timeoutMs: 100,
    enabled: true,
    ...fields,
  });
const found = (technique: Technique, body: BodyUnderScreening, fields: Partial<Guardrail> = {}): readonly string[] =>
  technique(body, guardrail(fields), inTime).map(({ category, kind, atMost }) =>
    [category, kind, ...(atMost === undefined ? [] : [atMost])].join(' '),
  );

describe('canaries', () => {
  it.each(CASES.canaries.texts.map(({ text, hit }) => [text, hit] as const))('%j', (text, hit) => {
    expect(suspectedCanaries(text).includes(CASES.canaries.canary)).toBe(hit);
  });

  it('are found at every place in base64 and hexadecimal', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(digits, fc.string({ maxLength: 9 }), fc.string({ maxLength: 9 }), (secret, before, after) => {
        const canary = `cnry-${secret}`;
        const bytes = Buffer.from(`${before}${canary}${after}`);
        for (const text of [bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex')])
          expect(suspectedCanaries(text)).toContain(canary);
      }),
    );
  });

  it('are looked for in every text that may hold one', () => {
    const parts = fc.constantFrom(
      'cnry',
      'Cn',
      'R.y',
      '-',
      ' ',
      '\n',
      '0123456789abcdef',
      'fedcba9876543210',
      'yrnc',
      'Y25y',
      'ZS0w',
      'Nucn',
      'kt',
      '636e',
      '72 79',
      '2d',
      '30'.repeat(16),
      'x',
      '\x01',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(parts, fc.string({ maxLength: 2 })), { maxLength: 12 }), (all) => {
        // what is beyond ASCII is looked over in any case; this character stands for nothing
        const text = all.join('');
        expect(suspectedCanaries(text)).toEqual(suspectedCanaries(`${text}\u00b7`));
      }),
      { numRuns: 3_000 },
    );
  });

  it("tell an operator's from the execution's own, and a word that only looks like one from both", () => {
    const fields = fieldsIn([{ text: 'cnry-0000000000000001 cnry-0000000000000002 cnry-0000000000000003' }]);
    const known = [canaryHash('cnry-0000000000000001')];
    expect(
      canaryHits(fields, suspectsOf(fields) ?? [], { known, task: 'cnry-0000000000000002' }).map(
        ({ category }) => category,
      ),
    ).toEqual(['CANARY_LEAK', 'TASK_CANARY']);
  });
});

describe('a system prompt', () => {
  const prompt = shinglesOf(CASES.prompt.text, hash);
  it.each(CASES.prompt.outputs.map((c) => [c.text, c] as const))('%j', (_name, { text, share, run, leak }) => {
    const overlap = promptOverlap([shinglesOf(text, hash)], prompt);
    expect(overlap.longestRunWords).toBe(run);
    expect(overlap.share).toBeCloseTo(share, 3);
    expect(isLeak(overlap)).toBe(leak);
    expect(found(promptLeak, output([{ text }], { prompt }))).toEqual(leak ? ['PROMPT_LEAK PROMPT'] : []);
  });

  it('leaks by 24 words in a row, however long it is', () => {
    const words = Array.from({ length: 400 }, (_, i) => `word${i}`);
    const long = shinglesOf(words.join(' '), hash);
    const run = (n: number): boolean =>
      isLeak(promptOverlap([shinglesOf(words.slice(50, 50 + n).join(' '), hash)], long));
    expect([run(23), run(24)]).toEqual([false, true]);
  });

  it('of an agent that left none is not looked for', () => {
    expect(found(promptLeak, output([{ text: CASES.prompt.text }]))).toEqual([]);
  });
});

describe('grounding', () => {
  it.each(CASES.grounding.outputs.map((c) => [c.text, c] as const))(
    '%j',
    (_name, { text, atoms, score, unsupported }) => {
      expect(groundingOf([text], CASES.grounding.sources)).toEqual({ atoms, score, unsupported });
    },
  );

  const input = fieldsIn([{ channel: 'instruction', text: 'Is 77 right?' }, { text: 'a 1, b 2, c 3, d 4, e 5' }]);
  it('warns from 0.8 on and acts below it; instructions are no source', () => {
    expect(found(grounding, output([{ text: '1 2 3 4 9' }], { input }))).toEqual(['GROUNDING UNSUPPORTED WARN']);
    expect(found(grounding, output([{ text: '1 2 3 9' }], { input }))).toEqual(['GROUNDING UNSUPPORTED']);
    expect(found(grounding, output([{ text: '77' }], { input }))).toEqual(['GROUNDING UNSUPPORTED']);
    expect(found(grounding, output([{ text: '1 2 3' }], { input }))).toEqual([]);
  });

  it('fails when the task can no longer be read', () => {
    expect(() => found(grounding, output([{ text: '1' }]))).toThrow('not available');
  });
});

describe('ways out for data', () => {
  it.each(CASES.links.texts.map(({ text, data }) => [text, data] as const))('%s', (text, data) => {
    const hits = found(exfiltrationChannels, output([{ text }]), { allowedHosts: [...CASES.links.allowed] });
    expect(hits).toEqual(data ? ['EXFILTRATION LINK'] : []);
  });

  it('are not closed to a link that the caller sent itself', () => {
    const text = 'https://evil.example/?q=QWxhZGRpbjpvcGVuIHNlc2FtZQ9x';
    expect(
      found(exfiltrationChannels, output([{ text }], { input: fieldsIn([{ text: `open ${text} now` }]) })),
    ).toEqual([]);
  });

  it('ask a person about long encoded blocks that nothing explains', () => {
    const blob = createHmac('sha512', 'k').update('1').digest('hex').repeat(2);
    expect(found(exfiltrationChannels, output([{ text: blob }]))).toEqual(['EXFILTRATION ENCODED ESCALATE']);
    expect(found(exfiltrationChannels, output([{ text: blob.slice(0, 255) }]))).toEqual([]);
    expect(found(exfiltrationChannels, output([{ text: '-'.repeat(300) }]))).toEqual([]);
    const lines = blob.match(/.{1,64}/g)?.join('\n') ?? '';
    expect(found(exfiltrationChannels, output([{ text: lines }]))).toEqual(['EXFILTRATION ENCODED ESCALATE']);
  });
});

describe('patterns and phrases of an organisation', () => {
  it('are found where they stand', () => {
    const patterns = [{ id: 'p', pattern: 'EMP-[0-9]{4}', kind: 'EMPLOYEE' }];
    const body = output([{ text: 'ask EMP-1234 or EMP-99' }]);
    expect(ownPatterns(body, guardrail({ patterns }), inTime)).toMatchObject([
      { kind: 'EMPLOYEE', field: 0, start: 4, end: 12 },
    ]);
  });

  it('are found whatever their case and spacing, and not inside words', () => {
    const list = { phrases: ['Guaranteed  returns (100%)'] };
    expect(found(phrases, output([{ text: 'GUARANTEED\n returns (100%)!' }]), list)).toEqual(['BRAND PHRASE']);
    expect(found(phrases, output([{ text: 'unguaranteed returns (100%)' }]), list)).toEqual([]);
    expect(found(phrases, output([{ text: 'guaranteed returns (100%)' }]), { ...list, category: 'SECURITY' })).toEqual([
      'COMPLIANCE PHRASE',
    ]);
  });

  it('end with the time of their guardrail', () => {
    const body = output([{ text: 'x' }]);
    const given = guardrail({ phrases: ['xy'], patterns: [{ id: 'p', pattern: 'x', kind: 'X' }] });
    expect(() => phrases(body, given, over)).toThrow(TimeUp);
    expect(() => ownPatterns(body, given, over)).toThrow(TimeUp);
  });
});

it('a text that calls itself JSON is JSON', () => {
  const parts: readonly Part[] = [
    { text: '{"a":1', mediaType: 'application/json' },
    { text: '{"a":1}', mediaType: 'application/problem+json; charset=utf-8' },
    { text: '{"a":1', mediaType: 'text/plain' },
    { text: '{' },
  ];
  expect(jsonFormat(output(parts), guardrail({}), inTime)).toMatchObject([{ category: 'FORMAT', start: 0, end: 6 }]);
});

describe('personal data of an answer', () => {
  const text = 'call +49 30 1234 5678 or mail Jane@Example.com';
  const fields = fieldsIn([{ text }]);
  const hits = [
    { category: 'PII', kind: 'PHONE', field: 0, start: 5, end: 21, view: 'original', origin: 'data' },
    { category: 'PII', kind: 'EMAIL', field: 0, start: 30, end: 46, view: 'original', origin: 'data' },
    { category: 'SECRET', kind: 'API_KEY', field: 0, start: 0, end: 4, view: 'original', origin: 'data' },
  ] as const;
  const kinds = (input: readonly Field[] | undefined): readonly string[] =>
    onlyNewPersonalData(hits, { fields, input }).map(({ kind }) => kind);

  it('that its caller had sent is nothing new, however it was written', () => {
    expect(kinds(fieldsIn([{ text: 'jane@example.com' }]))).toEqual(['PHONE', 'API_KEY']);
    expect(kinds(fieldsIn([{ data: { tel: '+493012345678' } }]))).toEqual(['EMAIL', 'API_KEY']);
  });

  it('is all new when the input is not available', () => {
    expect(kinds(undefined)).toEqual(['PHONE', 'EMAIL', 'API_KEY']);
  });
});
