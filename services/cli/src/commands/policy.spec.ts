import { expect, it } from '@jest/globals';
import { trialLines } from './policy.js';

it('a trial tells the decision, every clause with who decided it and why, and what is not as expected', () => {
  const lines = trialLines({
    decision: 'DENY',
    codes: [{ code: 'TOOL_NOT_ALLOWED', clause: 170, side: 'client' }],
    clauses: [
      { n: 140, clause: 'task_types', result: 'ALLOW', by: ['connection', 'surface'] },
      {
        n: 170,
        clause: 'tools',
        result: 'DENY',
        by: ['connection'],
        codes: ['TOOL_NOT_ALLOWED'],
        detail: { refused: ['shell'] },
      },
      { n: 230, clause: 'rate', result: 'NOT_APPLICABLE', by: [] },
    ],
    effective: {},
    grant: null,
    differences: [{ field: 'decision', expected: 'ALLOW', found: 'DENY' }],
  });
  expect(lines.map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
    'DENY | TOOL_NOT_ALLOWED',
    '',
    'CLAUSE | RESULT | DECIDED BY | WHY',
    '------ | ---------- | ------ | ------------------- | -----------------------------------',
    '140 | task_types | ALLOW | connection, surface',
    '170 | tools | DENY | connection | TOOL_NOT_ALLOWED | refused ["shell"]',
    '230 | rate | -',
    '',
    'not as expected: decision is DENY and should be ALLOW',
  ]);
});
