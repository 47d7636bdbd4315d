/** `npm test`: sets itself up, checks and tests everything, and ends with the line `N passed, N failed`. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bootstrap, environment, root } from '../bootstrap.mjs';
import { handOver } from './run.mjs';
import { duration, Explained, fail, say } from './terminal.mjs';

const TSC = join('node_modules', 'typescript-native', 'bin', 'tsc');
const ESLINT = join('node_modules', 'eslint', 'bin', 'eslint.js');
const JEST = join('node_modules', 'jest', 'bin', 'jest.js');
const NATS = join('infra', 'local', 'bin', 'obtain-nats-server.mjs');

/** A check counts as one test; a jest step counts its own. */
const STEPS = [
  { name: 'typecheck', title: 'Types of the tests', args: [TSC, '-p', 'tsconfig.spec.json'] },
  { name: 'lint', title: 'Lint', args: ['--max-old-space-size=6144', ESLINT, '.'] },
  { name: 'unit', title: 'Unit tests', jest: { workers: 2, timeoutMs: 20_000 } },
  { name: 'integration', title: 'Integration tests', jest: { workers: 2, timeoutMs: 60_000 }, needsNats: true },
  { name: 'journeys', title: 'Journeys', jest: { workers: 1, timeoutMs: 300_000 }, needsNats: true },
];

/** Runs the steps named by `--only a,b` (all by default); other arguments go to jest, as paths or patterns. */
export async function runTests(argv) {
  try {
    const { names, rest } = parse(argv);
    const began = Date.now();
    const counts = await runSteps(names, rest);
    say(`\nTook ${duration(Date.now() - began)}.`);
    if (counts.failed > 0 || counts.passed === 0 || counts.interrupted) process.exitCode = counts.interrupted ? 130 : 1;
    process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
  } catch (error) {
    fail(error);
  }
}

export function parse(argv) {
  const rest = [...argv];
  const at = rest.findIndex((argument) => argument === '--only' || argument.startsWith('--only='));
  if (at === -1) return { names: STEPS.map((step) => step.name), rest };
  const [flag, next = ''] = rest.slice(at, at + 2);
  rest.splice(at, flag === '--only' ? 2 : 1);
  const names = (flag === '--only' ? next : flag.slice('--only='.length)).split(',').filter(Boolean);
  const unknown = names.filter((name) => !STEPS.some((step) => step.name === name));
  if (names.length > 0 && unknown.length === 0) return { names, rest };
  const known = STEPS.map((step) => step.name).join(', ');
  throw new Explained(`--only takes a list of ${known}; not ${unknown.join(', ') || 'nothing'}`);
}

async function runSteps(names, rest) {
  const total = { passed: 0, failed: 0, interrupted: false };
  const context = { rest, node: undefined, hasNats: false };
  const add = (counts) => {
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.interrupted ||= counts.interrupted === true;
  };
  add(await timed('Install and build', () => build(context)));
  if (context.node === undefined) return total;
  for (const step of STEPS) {
    if (!names.includes(step.name) || total.interrupted) continue;
    if (step.needsNats && !context.hasNats) {
      context.hasNats = true;
      add(await timed('nats-server', () => check(context, [NATS])));
    }
    if (!total.interrupted) add(await timed(step.title, () => runStep(context, step)));
  }
  return total;
}

async function build(context) {
  try {
    context.node = await bootstrap();
    return { passed: 1, failed: 0 };
  } catch (error) {
    fail(error);
    return { passed: 0, failed: 1 };
  }
}

async function timed(title, work) {
  say(`\n── ${title}`);
  const began = Date.now();
  const counts = await work();
  const skipped = counts.skipped ? `, ${counts.skipped} skipped` : '';
  say(`   ${title}: ${counts.passed} passed, ${counts.failed} failed${skipped} in ${duration(Date.now() - began)}`);
  return counts;
}

function runStep(context, step) {
  return step.jest === undefined ? check(context, step.args) : jest(context, step);
}

async function check(context, args) {
  const code = await runNode(context.node, args);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, interrupted: isInterrupt(code) };
}

async function jest({ node, rest }, { name, jest: settings }) {
  const report = join(root, '.countersign', 'test', `${name}-${process.pid}.json`);
  mkdirSync(dirname(report), { recursive: true });
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', JEST];
  const selection = [
    '--selectProjects',
    name,
    `--maxWorkers=${settings.workers}`,
    `--testTimeout=${settings.timeoutMs}`,
  ];
  // a journey that failed may leave a connection that tries for ever: the run ends all the same
  const output = ['--passWithNoTests', '--forceExit', '--json', `--outputFile=${report}`];
  const code = await runNode(node, [...flags, ...selection, ...output, ...(rest.length > 0 ? ['--', ...rest] : [])]);
  const counts = countsOf(report, code);
  rmSync(report, { force: true });
  return { ...counts, interrupted: isInterrupt(code) };
}

/** What jest reported; a suite that could not run, and a run that ended badly without a failed test, count as failed. */
export function countsOf(report, code) {
  let result;
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  if (result.numTotalTests === 0) say('   no test was found for this step');
  return {
    passed: result.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}

function runNode(node, args) {
  const env = { ...environment(), NODE_ENV: 'test' };
  return handOver(node, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
}

function isInterrupt(code) {
  return code === 130 || code === 143 || code === 129;
}
