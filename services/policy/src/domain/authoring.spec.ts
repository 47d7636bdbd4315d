import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { COMMANDS, NEUTRAL_SURFACE } from '@countersign/contracts';
import { parse } from 'yaml';
import { neutralDocument, readDocument, startingDocument, type DocumentKind, type Finding } from './document-text.js';
import { lintDocument } from './lint-document.js';
import { lintLevels } from './lint-levels.js';
import type { PoliciesInForce } from './model.js';
import { tellClauses } from './tell.js';
import { tryPolicy, type Trial } from './try-policy.js';

type Fields = Readonly<Record<string, unknown>>;
interface Case {
  readonly name: string;
  readonly kind?: DocumentKind;
  readonly document: Fields;
  readonly beside?: { readonly surface?: Fields; readonly clientOrg?: Fields; readonly client?: Fields };
  readonly errors?: readonly (readonly [string, string])[];
  readonly warnings?: readonly (readonly [string, string])[];
}

const ROOT = join(import.meta.dirname, '..', '..');
const CASES = parse(readFileSync(join(ROOT, 'cases', 'lint.yaml'), 'utf8')) as readonly Case[];
const GUIDE = readFileSync(join(ROOT, '..', '..', 'docs', 'guides', 'policy.md'), 'utf8');
const NOW = Date.parse('2026-11-20T10:00:00.000Z');

function lint({ kind = 'connection', document, beside }: Case): {
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
} {
  const read = readDocument(kind, { ...neutralDocument(kind), ...document });
  if (!read.ok) return { errors: read.errors, warnings: [] };
  const others = {
    clientOrg: beside?.clientOrg === undefined ? undefined : { ...neutralDocument('org'), ...beside.clientOrg },
    targetOrg: undefined,
    client: beside?.client === undefined ? undefined : { ...neutralDocument('agent'), ...beside.client },
    connection: read.document,
    targetSurface: { ...NEUTRAL_SURFACE, ...beside?.surface },
    shareTaskTypes: null,
    foreignTarget: false,
  } as PoliciesInForce;
  const levels = beside === undefined ? [] : lintLevels(others, 'connection', NOW);
  return { errors: [], warnings: [...lintDocument(read.document, NOW), ...levels] };
}

describe('lint', () => {
  it.each(CASES)('says of $name what it should', (one) => {
    const { errors, warnings } = lint(one);
    const expected = (findings: Case['errors'] = []): unknown =>
      findings.map(([field, part]) => ({ field, message: expect.stringContaining(part) }));
    expect(errors).toEqual(expected(one.errors));
    expect(warnings).toEqual(expected(one.warnings));
  });
});

/** Fenced blocks of the guide with a word behind `yaml`. */
function examples(word: string): readonly unknown[] {
  return [...GUIDE.matchAll(/```yaml (\w+)\n([\s\S]*?)```/g)].flatMap(([, name, text]) =>
    name === word ? [parse(text ?? '') as unknown] : [],
  );
}

const trialOf = (parts: object): Trial => COMMANDS.policy.test.request.parse(parts);

describe('the guide', () => {
  const [documents] = examples('policy');
  it.each(examples('task').map((task, i) => [i + 1, task as object] as const))(
    'shows in task %i what happens',
    (_, task) => {
      const result = tryPolicy(trialOf({ documents, ...task }), NOW);
      expect(result.ok ? result.differences : result.errors).toEqual([]);
    },
  );

  it('has three tasks', () => {
    expect(examples('task')).toHaveLength(3);
  });

  it('names every field of an organisation', () => {
    for (const field of Object.keys(neutralDocument('org'))) expect(GUIDE).toContain(`\`${field}\``);
  });
});

describe('a trial', () => {
  it('tells what is not as expected', () => {
    const trial = trialOf({
      documents: { connection: { taskTypes: ['a'] } },
      task: { taskType: 'a', tools: ['x'] },
      expect: { decision: 'DENY', codes: ['TOOL_NOT_ALLOWED'], grant: { tools: [], hopsLeft: 4 } },
    });
    const result = tryPolicy(trial, NOW);
    expect(result.ok ? result.differences : []).toEqual([
      { field: 'decision', expected: 'DENY', found: 'ALLOW' },
      { field: 'codes', expected: ['TOOL_NOT_ALLOWED'], found: [] },
      { field: 'grant.tools', expected: [], found: ['x'] },
    ]);
  });

  it('names every problem of every document with its level', () => {
    const trial = trialOf({
      documents: { client: { maxHops: 99 }, connection: { tols: [] }, surface: { usesModels: 'yes' } },
      task: { taskType: 'a' },
    });
    const result = tryPolicy(trial, NOW);
    expect(result.ok ? [] : result.errors.map(({ field }) => field)).toEqual([
      'client.maxHops',
      'connection.tols',
      'surface.usesModels',
    ]);
  });

  it('takes the rate as having room', () => {
    const trial = trialOf({
      documents: { connection: { rate: { perMinute: 1, perHour: null } } },
      task: { taskType: 'a' },
      expect: { decision: 'ALLOW' },
    });
    expect(tryPolicy(trial, NOW)).toMatchObject({ ok: true, differences: [] });
  });

  it('denies everything without a document of the connection', () => {
    const result = tryPolicy(trialOf({ documents: {}, task: { taskType: 'a' } }), NOW);
    expect(result).toMatchObject({ decision: { codes: [{ code: 'TASK_TYPE_NOT_ALLOWED' }] } });
  });

  it('tells of the rules of another organisation that they decided, and not what they are', () => {
    const trial = trialOf({
      documents: {
        connection: { taskTypes: ['a'] },
        targetOrg: {
          maxCostMicros: '7',
          windows: [{ days: ['MON'], start: '08:00', end: '09:00', tz: 'UTC' }],
          tools: ['secret_tool'],
          denyRules: [{ id: 'quiet', taskType: 'a', reason: 'our secret reason' }],
        },
      },
      task: { taskType: 'a', tools: ['x'] },
      estimateMicros: '8',
    });
    const result = tryPolicy(trial, NOW);
    const told = result.ok ? tellClauses(result.decision) : [];
    expect(told.filter(({ result: outcome }) => outcome === 'DENY')).toEqual([
      { n: 90, clause: 'deny.rule', result: 'DENY', by: ['targetOrg'], codes: ['EXPLICIT_DENY'] },
      { n: 150, clause: 'time_window', result: 'DENY', by: ['targetOrg'], codes: ['OUTSIDE_TIME_WINDOW'] },
      {
        n: 170,
        clause: 'tools',
        result: 'DENY',
        by: ['targetOrg'],
        codes: ['TOOL_NOT_ALLOWED'],
        detail: { refused: ['x'] },
      },
      {
        n: 200,
        clause: 'cost.per_request',
        result: 'DENY',
        by: ['targetOrg'],
        codes: ['COST_PER_REQUEST_EXCEEDED'],
        detail: { estimateMicros: '8' },
      },
    ]);
  });
});

describe('single fields of a document', () => {
  it('start a connection with a monthly cap of 200, which null takes away', () => {
    expect(startingDocument('connection', undefined)).toMatchObject({ monthlyCapMicros: '200000000', taskTypes: null });
    expect({ ...startingDocument('connection', undefined), monthlyCapMicros: null }).toEqual(
      neutralDocument('connection'),
    );
  });

  it('leave the document in force as it is, and give no cap to organisations and agents', () => {
    const current = { ...neutralDocument('connection'), taskTypes: ['echo'] };
    expect(startingDocument('connection', current)).toEqual(current);
    expect(startingDocument('agent', undefined)).toEqual(neutralDocument('agent'));
    expect(startingDocument('org', undefined)).toEqual(neutralDocument('org'));
  });
});
