import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ESLint } from 'eslint';

const root = join(import.meta.dirname, '..', '..');
const RULES = [
  'countersign/dependencies',
  'no-restricted-imports',
  'no-restricted-globals',
  'no-restricted-properties',
];

/** Offending text as a file of the workspace, and the rule that has to refuse it. */
const REFUSED: readonly (readonly [file: string, text: string, rule: string, why: string])[] = [
  ['services/policy/src/x.ts', `import '../../budget/src/main.js';`, 'countersign/dependencies', 'leaves its project'],
  ['services/policy/src/x.ts', `import '@countersign/budget-service';`, 'countersign/dependencies', 'is no project'],
  ['services/policy/src/x.ts', `import '@countersign/agent-sdk';`, 'countersign/dependencies', 'layer service'],
  ['services/policy/src/x.ts', `import '@countersign/local';`, 'countersign/dependencies', 'layer service'],
  ['services/policy/src/x.ts', `import '@countersign/testing';`, 'countersign/dependencies', 'for specs'],
  ['services/policy/src/x.ts', `await import('@countersign/agent-sdk');`, 'countersign/dependencies', 'layer service'],
  ['services/policy/src/x.ts', `export * from '@countersign/agent-sdk';`, 'countersign/dependencies', 'layer service'],
  ['libs/contracts/src/x.ts', `import '@countersign/bus';`, 'countersign/dependencies', 'layer contract'],
  ['libs/bus/src/x.ts', `import '@countersign/agent-sdk';`, 'countersign/dependencies', 'layer platform'],
  [
    'libs/bus/src/x.ts',
    `import '../../../services/policy/src/main.js';`,
    'countersign/dependencies',
    'leaves its project',
  ],
  ['libs/agent-sdk/src/x.ts', `import '@countersign/nats';`, 'countersign/dependencies', 'layer sdk'],
  ['services/policy/src/domain/x.ts', `import '../adapters/out/x.js';`, 'countersign/dependencies', 'domain may not'],
  ['services/policy/src/domain/x.ts', `import '../application/x.js';`, 'countersign/dependencies', 'domain may not'],
  [
    'services/policy/src/application/x.ts',
    `import '../adapters/out/x.js';`,
    'countersign/dependencies',
    'application may not',
  ],
  [
    'services/policy/src/adapters/in/x.ts',
    `import '../../policy.module.js';`,
    'countersign/dependencies',
    'adapters may not',
  ],
  ['services/policy/src/adapters/out/x.ts', `import '@nats-io/jetstream';`, 'no-restricted-imports', 'libs/bus'],
  ['services/policy/src/adapters/out/x.ts', `import 'pg';`, 'no-restricted-imports', 'libs/store'],
  ['libs/bus/src/x.ts', `import 'pg';`, 'no-restricted-imports', 'libs/store'],
  ['libs/store/src/x.ts', `import 'jose';`, 'no-restricted-imports', 'libs/identity'],
  ['services/policy/src/x.ts', `import '@opentelemetry/api';`, 'no-restricted-imports', 'libs/telemetry'],
  ['services/policy/src/domain/x.ts', `import '@nestjs/common';`, 'no-restricted-imports', 'domain/ is pure'],
  ['services/policy/src/domain/x.ts', `import 'node:crypto';`, 'no-restricted-imports', 'domain/ is pure'],
  ['services/policy/src/domain/x.ts', `import 'pg';`, 'no-restricted-imports', 'libs/store'],
  ['services/policy/src/domain/x.ts', `setTimeout(() => {}, 1);`, 'no-restricted-globals', 'setTimeout'],
  ['services/policy/src/domain/x.ts', `export const x = Date.now();`, 'no-restricted-properties', 'handed in'],
  ['services/policy/src/domain/x.ts', `export const x = Math.random();`, 'no-restricted-properties', 'handed in'],
];

const ALLOWED: readonly (readonly [file: string, text: string])[] = [
  ['services/policy/src/x.ts', `import '@countersign/bus';`],
  ['services/policy/src/adapters/in/x.ts', `import '../../application/x.js';`],
  ['services/policy/src/adapters/in/x.ts', `import '../../policy.config.js';`],
  ['services/policy/src/policy.module.ts', `import './adapters/in/x.js';`],
  ['services/policy/src/domain/x.ts', `import '@countersign/contracts';`],
  ['libs/bus/src/x.ts', `import '@nats-io/jetstream';`],
  ['libs/store/src/x.ts', `import 'pg';`],
  ['libs/bus/src/x.spec.ts', `import '@countersign/testing';`],
  ['e2e/x.e2e.ts', `import '@countersign/local';`],
];

describe('imports', () => {
  let eslint: ESLint;

  beforeAll(() => {
    // the rules of who may import whom need no types: without them a file need not exist
    eslint = new ESLint({
      cwd: root,
      ruleFilter: ({ ruleId }) => RULES.includes(ruleId),
      overrideConfig: { languageOptions: { parserOptions: { projectService: false, project: null } } },
    });
  });

  async function refusals(file: string, text: string): Promise<readonly string[]> {
    const [result] = await eslint.lintText(text, { filePath: join(root, file) });
    return (result?.messages ?? []).map(({ ruleId, message }) => `${ruleId ?? 'parse error'}: ${message}`);
  }

  it.each(REFUSED)('in %s: %s is refused', async (file, text, rule, why) => {
    const found = await refusals(file, text);
    expect(found).toEqual([expect.stringContaining(`${rule}: `)]);
    expect(found[0]).toContain(why);
  });

  it.each(ALLOWED)('in %s: %s is allowed', async (file, text) => {
    expect(await refusals(file, text)).toEqual([]);
  });
});
