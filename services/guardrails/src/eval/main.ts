import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { NoData } from './data-sets.js';
import { evaluate } from './evaluate.js';
import { tablesOf } from './tables.js';

const HELP = `Measures the built-in rule packs on labelled texts.

  --data DIR    folder of the labelled texts (default ../shared/data/guardrails)
  --json FILE   also writes everything as JSON
`;

function run(): number {
  const { values } = parseArgs({
    options: { data: { type: 'string' }, json: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const evaluation = evaluate(resolve(values.data ?? '../shared/data/guardrails'), () => performance.now());
  process.stdout.write(`${tablesOf(evaluation)}\n`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(evaluation, null, 2)}\n`);
  return 0;
}

try {
  process.exitCode = run();
} catch (error) {
  if (!(error instanceof NoData) && !(error instanceof TypeError && 'code' in error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
