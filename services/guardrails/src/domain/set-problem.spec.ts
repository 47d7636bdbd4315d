import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { guardrailSchema } from '@countersign/contracts';
import { parse } from 'yaml';
import { problemOfSet } from './set-problem.js';

interface Case {
  readonly name: string;
  readonly guardrail?: object;
  readonly twice?: boolean;
  readonly code?: string;
  readonly field?: string;
  readonly says?: string;
}
const CASES = parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'cases', 'sets.yaml'), 'utf8'),
) as readonly Case[];

const PLAIN = {
  id: 'mine',
  name: 'Mine',
  version: 1,
  stage: 'BOTH',
  category: 'SECURITY',
  packs: ['secrets'],
  action: 'BLOCK',
  timeoutMs: 100,
  enabled: true,
};

it.each(CASES.map((c) => [c.name, c] as const))('%s', (_name, { guardrail, twice, code, field, says }) => {
  const stored = guardrailSchema.parse({ ...PLAIN, ...guardrail });
  const problem = problemOfSet(twice === true ? [stored, stored] : [stored], {
    now: Date.parse('2026-11-22T00:00:00.000Z'),
    owners: ['olga'],
  });
  expect({ code: problem?.code, field: problem?.field }).toEqual({
    code,
    field: field === undefined ? undefined : `guardrails.${field}`,
  });
  if (says !== undefined) expect(problem?.message).toContain(says);
});
