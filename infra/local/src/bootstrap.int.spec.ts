import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { environment } from '../bin/bootstrap.mjs';
import { ensureInstalled, matchesLock } from '../bin/shared/install.mjs';
import { findNode, isGood } from '../bin/shared/node-runtime.mjs';
import { countsOf, parse } from '../bin/shared/test-run.mjs';

jest.setTimeout(60_000);

const bin = join(import.meta.dirname, '../bin');
const npmBefore = process.env['npm_execpath'];
let root = '';
let calls = '';

/** An npm that notes how it was called and then does what the script says. */
const useNpm = (script: string): void => {
  const path = join(root, 'npm-cli.js');
  const note = `const fs = require('fs'); fs.appendFileSync(${JSON.stringify(calls)}, process.argv.slice(2).join(' ') + '\\n');`;
  writeFileSync(path, `${note}\n${script}`);
  process.env['npm_execpath'] = path;
};

const installs = (): number => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n').length : 0);

/** What npm leaves in node_modules when it has finished. */
const listing = (version: string): string =>
  JSON.stringify({ packages: { 'node_modules/left': { version, integrity: `sha512-${version}` } } });

const lock = (version: string): string =>
  JSON.stringify({
    packages: {
      '': { name: 'project' },
      'libs/a': { version: '0.1.0' },
      'node_modules/left': { version, integrity: `sha512-${version}` },
      'node_modules/only-on-darwin': { version: '1.0.0', optional: true },
    },
  });

const INSTALL = `fs.mkdirSync('node_modules/left', { recursive: true });
  fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');`;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'countersign-bootstrap-'));
  calls = join(root, 'calls');
  writeFileSync(join(root, 'package-lock.json'), lock('1.0.0'));
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});

afterEach(() => {
  jest.restoreAllMocks();
  if (npmBefore === undefined) delete process.env['npm_execpath'];
  else process.env['npm_execpath'] = npmBefore;
  rmSync(root, { recursive: true, force: true });
});

describe('the dependencies', () => {
  it('are installed once, and again when the lock file becomes another', async () => {
    useNpm(INSTALL);
    await ensureInstalled(root);
    await ensureInstalled(root);
    expect(installs()).toBe(1);
    writeFileSync(join(root, 'package-lock.json'), lock('1.0.1'));
    await ensureInstalled(root);
    expect(installs()).toBe(2);
  });

  it('are installed with the compiler and whatever Node runs npm', async () => {
    useNpm(INSTALL);
    await ensureInstalled(root);
    expect(readFileSync(calls, 'utf8')).toMatch(/^ci .*--include=dev .*--engine-strict=false/);
  });

  it('are taken as they are when somebody installed exactly this lock file by hand', async () => {
    useNpm('process.exit(1)');
    mkdirSync(join(root, 'node_modules/left'), { recursive: true });
    writeFileSync(join(root, 'node_modules/.package-lock.json'), listing('1.0.0'));
    await ensureInstalled(root);
    expect(installs()).toBe(0);
  });

  it.each([
    ['another version', listing('0.9.0')],
    ['no word of npm having finished', undefined],
    ['half a listing', '{'],
  ])('are not taken with %s', (_, text) => {
    mkdirSync(join(root, 'node_modules/left'), { recursive: true });
    if (text !== undefined) writeFileSync(join(root, 'node_modules/.package-lock.json'), text);
    expect(matchesLock(root)).toBe(false);
  });

  it('are not taken when a folder is missing', () => {
    mkdirSync(join(root, 'node_modules'));
    writeFileSync(join(root, 'node_modules/.package-lock.json'), listing('1.0.0'));
    expect(matchesLock(root)).toBe(false);
  });

  it('that cannot be installed are explained with what npm said and what to do, and are tried again', async () => {
    useNpm("console.error('npm error code ENOTFOUND\\nnpm error network request failed'); process.exit(1)");
    await expect(ensureInstalled(root)).rejects.toThrow(
      /npm error network request failed\nThe package registry cannot/,
    );
    await expect(ensureInstalled(root)).rejects.toThrow(/could not be installed/);
    expect(installs()).toBe(2);
  });
});

describe('a program that is started', () => {
  it('asks the proxy of the machine for what is elsewhere, and never for what is here', () => {
    const told = environment({ PATH: '/bin', HTTPS_PROXY: 'http://proxy.test:3128', no_proxy: 'inner.test' });
    expect(told).toMatchObject({ NODE_USE_ENV_PROXY: '1', NO_PROXY: 'inner.test,127.0.0.1,localhost' });
    expect(environment({ PATH: '/bin' })).toEqual({ PATH: expect.stringMatching(/node_modules\/\.bin:\/bin$/) });
  });
});

describe('the Node that runs the programs', () => {
  it('is that of the dependencies, or this one when its binary was not fetched', () => {
    expect(findNode(root)).toBe(process.execPath);
    const own = findNode(join(import.meta.dirname, '../../..'));
    expect(isGood(execFileSync(own, ['--version'], { encoding: 'utf8' }))).toBe(true);
  });

  it.each([
    ['v22.19.0', true],
    ['v24.21.0\n', true],
    ['v22.18.0', false],
    ['v20.20.2', false],
  ])('%s is good: %s', (version, good) => {
    expect(isGood(version)).toBe(good);
  });

  it('is explained when it is too old to start at all', () => {
    const pretend = "Object.defineProperty(process.versions, 'node', { value: '18.20.0' });";
    const preload = `data:text/javascript,${encodeURIComponent(pretend)}`;
    const result = spawnSync(process.execPath, ['--import', preload, join(bin, 'start.mjs')], { encoding: 'utf8' });
    expect({ status: result.status, stdout: result.stdout }).toEqual({ status: 1, stdout: '' });
    expect(result.stderr).toMatch(/^Countersign needs Node 20 or newer.*\nThis is Node 18\.20\.0/);
  });
});

describe('a lock between processes', () => {
  it('lets one in at a time and is taken over from a holder that was killed', async () => {
    const script = `
      import { appendFileSync } from 'node:fs';
      import { setTimeout } from 'node:timers/promises';
      import { withFileLock } from ${JSON.stringify(join(bin, 'shared/file-lock.mjs'))};
      await withFileLock(${JSON.stringify(join(root, 'lock'))}, async () => {
        appendFileSync(${JSON.stringify(join(root, 'trace'))}, 'in ');
        if (process.argv[1] === 'hang') { console.log('held'); await setTimeout(60_000); }
        await setTimeout(30);
        appendFileSync(${JSON.stringify(join(root, 'trace'))}, 'out ');
      });`;
    const run = (argument: string) =>
      spawn(process.execPath, ['--input-type=module', '-e', script, argument], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
    const hanging = run('hang');
    for await (const line of createInterface({ input: hanging.stdout })) if (line === 'held') break;
    const others = [1, 2, 3, 4].map(() => run('go'));
    const ended = others.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    hanging.kill('SIGKILL');
    expect(await Promise.all(ended)).toEqual([0, 0, 0, 0]);
    expect(readFileSync(join(root, 'trace'), 'utf8')).toBe(`in ${'in out '.repeat(4)}`);
    expect(existsSync(join(root, 'lock'))).toBe(false);
  });
});

describe('a program that is run in the place of another', () => {
  const outer = (inner: string) =>
    spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { handOver } from ${JSON.stringify(join(bin, 'shared/run.mjs'))};
         process.exitCode = await handOver(process.execPath, ['-e', ${JSON.stringify(inner)}]);`,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
  const exit = (child: ReturnType<typeof outer>) => new Promise((resolve) => child.once('exit', resolve));

  it('gives it its exit code', async () => {
    expect(await exit(outer('process.exit(7)'))).toBe(7);
    expect(await exit(outer("process.kill(process.pid, 'SIGKILL')"))).toBe(137);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('hears %s and may end in its own time', async (signal) => {
    const child = outer(
      `process.on('${signal}', () => setTimeout(() => process.exit(3), 20)); setInterval(() => 0, 1000); console.log('up')`,
    );
    for await (const line of createInterface({ input: child.stdout })) if (line === 'up') break;
    child.kill(signal);
    expect(await exit(child)).toBe(3);
  });

  it('notices when the other is killed', async () => {
    const child = outer(
      `process.on('disconnect', () => { require('fs').writeFileSync(${JSON.stringify(join(root, 'noticed'))}, ''); process.exit(); }); console.log('up')`,
    );
    for await (const line of createInterface({ input: child.stdout })) if (line === 'up') break;
    child.kill('SIGKILL');
    while (!existsSync(join(root, 'noticed'))) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(existsSync(join(root, 'noticed'))).toBe(true);
  });
});

describe('a test run', () => {
  it('runs every step, or those it is asked for, and leaves the rest to jest', () => {
    expect(parse([]).names).toEqual(['typecheck', 'lint', 'unit', 'integration', 'journeys']);
    expect(parse(['--only', 'lint,unit', 'libs/bus'])).toEqual({ names: ['lint', 'unit'], rest: ['libs/bus'] });
    expect(parse(['--only=unit']).names).toEqual(['unit']);
  });

  it.each([['--only'], ['--only='], ['--only=unt']])('refuses %s', (...argv) => {
    expect(() => parse(argv)).toThrow(/--only takes a list of/);
  });

  it.each([
    ['passed and skipped tests', { numPassedTests: 3, numPendingTests: 1 }, 0, { passed: 3, failed: 0, skipped: 1 }],
    [
      'failed tests and suites that did not run',
      { numFailedTests: 2, numRuntimeErrorTestSuites: 1 },
      1,
      { passed: 0, failed: 3, skipped: 0 },
    ],
    ['a bad end without a failed test', { numPassedTests: 3 }, 1, { passed: 3, failed: 1, skipped: 0 }],
  ])('counts %s', (_, reported, code, counts) => {
    const zero = {
      numTotalTests: 3,
      numPassedTests: 0,
      numFailedTests: 0,
      numRuntimeErrorTestSuites: 0,
      numPendingTests: 0,
      numTodoTests: 0,
    };
    writeFileSync(join(root, 'report.json'), JSON.stringify({ ...zero, ...reported }));
    expect(countsOf(join(root, 'report.json'), code)).toEqual(counts);
  });

  it('counts a step without a report as failed', () => {
    expect(countsOf(join(root, 'nothing.json'), 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});
