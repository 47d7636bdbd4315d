import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  answerEnvelopeSchema,
  isTerminal,
  resultEnvelopeSchema,
  TASK_STATES,
  taskEnvelopeSchema,
  TERMINAL_STATES,
  type Part,
  type TaskData,
} from './envelope.js';

const id = '0199f0e4-5c00-7a1b-8c2d-00000000feed';
const digest = `sha256:${'0'.repeat(64)}`;
const head = { specversion: '1.0', id, source: 'agent:o/a', time: '2026-03-02T10:00:00.000Z' };
const json = { ...head, datacontenttype: 'application/json' };
const task = (data: object = {}): object => ({
  ...json,
  type: 'dev.countersign.task.v1',
  data: { target: id, taskType: 'code_review', parts: [{ text: 'hello' }], ...data },
});
const result = (data: object = {}): object => ({
  ...json,
  type: 'dev.countersign.result.v1',
  data: { status: 'completed', attempt: 1, grant: id, parts: [], usage: [], tools: [], ...data },
});
type Refusal = readonly [field: string, message: string];
const refusals = (schema: typeof taskEnvelopeSchema | typeof resultEnvelopeSchema, value: unknown): Refusal[] =>
  (schema.safeParse(value).error?.issues ?? []).map((issue) => [issue.path.join('.'), issue.message]);

const entry = fc.stringMatching(/^[A-Za-z0-9._:/-]{1,20}$/);
const text = fc.string({ unit: 'binary' }).filter((s) => s.isWellFormed());
const micros = fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }).map(String);
const plainJson = fc
  .jsonValue({ maxDepth: 4 })
  .map((v) => JSON.stringify(v))
  .filter((s) => !s.includes('__proto__'))
  .map((s) => JSON.parse(s) as never);
const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ text, channel: fc.constantFrom('instruction', 'data', 'agent_output') }, { requiredKeys: ['text'] }),
  fc.record({ data: plainJson }),
  fc.record({ raw: fc.base64String(), mediaType: fc.constant('application/pdf') }),
  fc.record({ url: fc.webUrl(), origin: fc.constant('email:inbox/42') }),
);
const data: fc.Arbitrary<TaskData> = fc.record(
  {
    target: fc.uuid({ version: 7 }),
    taskType: entry,
    parts: fc.array(part, { minLength: 1, maxLength: 4 }),
    models: fc.array(entry, { maxLength: 3 }),
    tools: fc.array(entry, { maxLength: 3 }),
    dataClass: fc.constantFrom('PUBLIC', 'INTERNAL', 'CONFIDENTIAL', 'RESTRICTED'),
    maxInputTokens: fc.nat(100_000_000),
    maxCostMicros: micros,
    idempotent: fc.boolean(),
    instance: fc.stringMatching(/^[a-z0-9]{1,26}$/),
  },
  { requiredKeys: ['target', 'taskType', 'parts'] },
);

describe('a submission', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(data, (d) => {
        const written = JSON.stringify(task(d));
        expect(JSON.stringify(taskEnvelopeSchema.parse(JSON.parse(written)))).toHaveLength(written.length);
        expect(taskEnvelopeSchema.parse(JSON.parse(written))).toEqual(JSON.parse(written));
      }),
    );
  });

  it.each<[field: string, value: unknown, message: string]>([
    ['target', 'bob', 'must be a lower-case UUIDv7'],
    ['target', id.toUpperCase(), 'must be a lower-case UUIDv7'],
    ['taskType', undefined, 'expected string, received undefined'],
    ['taskType', 'code review', 'must be 1 to 128 of'],
    ['taskType', 'code*', 'must be 1 to 128 of'],
    ['taskType', '', 'must be 1 to 128 of'],
    ['parts', [], 'expected array to have >=1'],
    ['parts', new Array(257).fill({ text: '' }), 'expected array to have <=256'],
    ['models', new Array(201).fill('m'), 'expected array to have <=200'],
    ['models.0', ['gpt*'], 'must be 1 to 128 of'],
    ['tools.1', ['ok', 1], 'expected string, received number'],
    ['dataStores.0', ['x'.repeat(129)], 'must be 1 to 128 of'],
    ['dataClass', 'SECRET', '"PUBLIC"|"INTERNAL"|"CONFIDENTIAL"|"RESTRICTED"'],
    ['maxInputTokens', -1, 'to be >=0'],
    ['maxInputTokens', 1.5, 'expected int'],
    ['maxOutputTokens', 100_000_001, 'to be <=100000000'],
    ['maxCostMicros', 75, 'expected string, received number'],
    ['maxCostMicros', '1.5', 'whole number of micros as a decimal string'],
    ['maxCostMicros', '-1', 'whole number of micros as a decimal string'],
    ['maxCostMicros', '01', 'whole number of micros as a decimal string'],
    ['treeMaxMicros', '1000000000000000000', 'whole number of micros as a decimal string'],
    ['deadline', '2026-03-02T10:00:00Z', 'ISO 8601 UTC with milliseconds'],
    ['deadline', '2026-02-30T10:00:00.000Z', 'a day that exists'],
    ['deadline', '2027-02-29T10:00:00.000Z', 'a day that exists'],
    ['deadline', '0000-01-01T00:00:00.000Z', 'from 1970 on'],
    ['idempotent', 'yes', 'expected boolean, received string'],
    ['parent.grant', { task: id }, 'expected string, received undefined'],
    ['parent.task', { task: 'p', grant: 'g' }, 'must be a lower-case UUIDv7'],
    ['userToken', 'x'.repeat(16_385), 'to have <=16384 characters'],
    ['instance', 'A1', 'must be 1 to 26 of a-z and 0-9'],
    ['instance', 'x'.repeat(27), 'must be 1 to 26 of a-z and 0-9'],
  ])('is refused for a bad data.%s and told what is right (%#)', (field, value, message) => {
    const [name = ''] = field.split('.');
    expect(refusals(taskEnvelopeSchema, task({ [name]: value }))).toEqual([
      [`data.${field}`, expect.stringContaining(message)],
    ]);
  });

  it.each<[field: string, value: unknown, message: string]>([
    ['specversion', '0.3', 'expected "1.0"'],
    ['id', 'task-1', 'must be a lower-case UUIDv7'],
    ['type', 'dev.countersign.result.v1', 'expected "dev.countersign.task.v1"'],
    ['time', 'now', 'ISO 8601 UTC with milliseconds'],
    ['time', undefined, 'expected string, received undefined'],
    ['datacontenttype', 'text/plain', 'expected "application/json"'],
    ['source', 1, 'expected string, received number'],
    ['data', undefined, 'expected object, received undefined'],
  ])('is refused for a bad %s and told what is right (%#)', (field, value, message) => {
    expect(refusals(taskEnvelopeSchema, { ...task(), [field]: value })).toEqual([
      [field, expect.stringContaining(message)],
    ]);
  });

  it.each<[where: string, envelope: object]>([
    ['', { ...task(), colour: 1 }],
    ['data', task({ colour: 1 })],
    ['data.parent', task({ parent: { task: id, grant: 'g', colour: 1 } })],
    ['data.parts.0', task({ parts: [{ text: 'x', colour: 1 }] })],
  ])('is refused for a key nobody knows in %p, by its name', (where, envelope) => {
    expect(refusals(taskEnvelopeSchema, envelope)).toEqual([[where, 'Unrecognized key: "colour"']]);
  });

  it('does not take a key of every object for one of its own', () => {
    const text = JSON.stringify(task()).replace('"target"', '"__proto__":{"idempotent":true},"target"');
    const parsed = taskEnvelopeSchema.safeParse(JSON.parse(text));
    expect(parsed.success ? parsed.data.data.idempotent : 'refused').toBe('refused');
  });

  it.each([[null], [undefined], ['{}'], [[]], [1]])('is not %p', (value) => {
    expect(taskEnvelopeSchema.safeParse(value).success).toBe(false);
  });
});

describe('a part', () => {
  const rule =
    'must hold exactly one of text, data (JSON, at most 64 levels deep), raw (base64, with mediaType) or url';

  it.each<[why: string, part: unknown]>([
    ['with no content', { channel: 'data' }],
    ['with two contents', { text: 'x', data: 1 }],
    ['with bytes of no media type', { raw: 'aGk=' }],
    ['on a channel that is none', { text: 'x', channel: 'system' }],
    ['with a number for a text', { text: 1 }],
    ['that is a text', 'x'],
  ])('%s is refused and told what is right', (_why, part) => {
    expect(refusals(taskEnvelopeSchema, task({ parts: [{ text: 'x' }, part] }))).toEqual([
      ['data.parts.1', expect.stringContaining(rule)],
    ]);
  });

  it.each<[field: string, part: object, message: string]>([
    ['raw', { raw: '!!', mediaType: 'a/b' }, 'base64'],
    ['url', { url: 'no url' }, 'URL'],
    ['url', { url: `https://x/${'y'.repeat(4000)}` }, '<=4000'],
    ['origin', { text: '', origin: 'x'.repeat(401) }, '<=400'],
    ['filename', { text: '', filename: 'x'.repeat(301) }, '<=300'],
    ['mediaType', { text: '', mediaType: 'x'.repeat(201) }, '<=200'],
    ['data', { data: JSON.parse('['.repeat(65) + ']'.repeat(65)) as unknown }, 'at most 64 levels deep'],
  ])('with a bad %s is refused by its name (%#)', (field, part, message) => {
    expect(refusals(taskEnvelopeSchema, task({ parts: [part] }))).toEqual([
      [`data.parts.0.${field}`, expect.stringContaining(message)],
    ]);
  });

  it.each([[null], [false], [0], [''], [[]], [{}]])('may be the JSON %p', (value) => {
    expect(taskEnvelopeSchema.safeParse(task({ parts: [{ data: value }] })).success).toBe(true);
  });
});

describe('a result', () => {
  const use = { model: 'm', inputTokens: 1, outputTokens: 1 };

  it.each<[field: string, value: unknown, message: string]>([
    ['status', 'done', '"completed"|"failed"'],
    ['attempt', 0, '>=1'],
    ['attempt', 101, '<=100'],
    ['grant', 'jti', 'must be a lower-case UUIDv7'],
    ['parts', undefined, 'expected array, received undefined'],
    ['usage.0.inputTokens', [{ ...use, inputTokens: -1 }], '>=0'],
    ['usage.0.costMicros', [{ ...use, costMicros: 0.5 }], 'expected string, received number'],
    ['usage.0', [{ ...use, colour: 1 }], 'Unrecognized key: "colour"'],
    ['usage', new Array(101).fill(use), '<=100'],
    ['tools.0', ['a tool'], 'must be 1 to 128 of'],
    ['error', 'x'.repeat(2001), '<=2000'],
  ])('is refused for a bad data.%s and told what is right (%#)', (field, value, message) => {
    const [name = ''] = field.split('.');
    expect(refusals(resultEnvelopeSchema, result({ [name]: value }))).toEqual([
      [`data.${field}`, expect.stringContaining(message)],
    ]);
  });

  it('may hold no part, of a target that has nothing to say', () => {
    expect(resultEnvelopeSchema.safeParse(result()).success).toBe(true);
  });

  it('is no submission and no answer, whatever it holds', () => {
    expect(taskEnvelopeSchema.safeParse(result()).success).toBe(false);
    expect(answerEnvelopeSchema.safeParse(result()).success).toBe(false);
  });
});

describe('an answer', () => {
  const answer = (data: object): unknown => ({ ...json, type: 'dev.countersign.answer.v1', data });

  it('tells of a task that nobody knows without a digest', () => {
    expect(
      answerEnvelopeSchema.safeParse(answer({ task: id, state: 'NOT_FOUND', code: 'TASK_NOT_FOUND' })).success,
    ).toBe(true);
  });

  it.each<[field: string, value: unknown]>([
    ['state', 'RUNNING'],
    ['code', 'MADE_UP'],
    ['digest', digest.toUpperCase()],
    ['chargedMicros', 12],
    ['traceId', 'x'],
    ['record', { position: -1, leaf: digest }],
  ])('with a bad %s is none', (field, value) => {
    const found = answerEnvelopeSchema.safeParse(answer({ task: id, state: 'DENIED', [field]: value }));
    expect(found.error?.issues[0]?.path.slice(0, 2)).toEqual(['data', field]);
  });
});

describe('states', () => {
  it('end a task in six of thirteen', () => {
    expect([TASK_STATES.length, TERMINAL_STATES.length]).toEqual([13, 6]);
    expect(TASK_STATES.filter(isTerminal)).toEqual([...TERMINAL_STATES]);
  });
});
