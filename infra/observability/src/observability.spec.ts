import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parser } from '@prometheus-io/lezer-promql';
import { METRICS } from '@countersign/telemetry';
import { CAUSE_ALERTS } from './alerts.js';
import { BOARDS } from './dashboards/boards.js';
import { generatedFiles } from './files.js';
import { INTERNAL_REASONS, OBJECTIVES } from './objectives.js';
import { ruleFile, runbookOf } from './rules.js';

const folder = join('infra', 'observability');
const rules = ruleFile().groups.flatMap((group) => group.rules);
const queries = BOARDS.flatMap((board) => board.panels.flatMap((panel) => panel.queries.map(({ expr }) => expr)));
const everyExpr = [...rules.map(({ expr }) => expr), ...queries];
const alertNames = [...new Set(rules.flatMap(({ alert }) => (alert === undefined ? [] : [alert])))];

describe('generated files', () => {
  it.each(generatedFiles())(
    '$path is what the lists make; otherwise run `npm run observability`',
    ({ path, content }) => {
      expect(readFileSync(join(folder, path), 'utf8')).toBe(content);
    },
  );
});

describe('every expression', () => {
  it.each([...new Set(everyExpr)])('%s is PromQL', (expr) => {
    const faults: number[] = [];
    parser.parse(expr.replaceAll('$__rate_interval', '5m')).iterate({
      enter: (node) => {
        if (node.type.isError) faults.push(node.from);
      },
    });
    expect(faults).toEqual([]);
  });

  it('asks for metrics of the catalogue only', () => {
    const names = new Set(everyExpr.flatMap((expr) => expr.match(/\bcountersign_[a-z_]+/g) ?? []));
    const known = (name: string): boolean => name in METRICS || name.replace(/_(?:bucket|count|sum)$/, '') in METRICS;
    expect([...names].filter((name) => !known(name))).toEqual([]);
  });
});

/** Set by the canary of an installation, which is no service. */
const SET_ELSEWHERE = ['countersign_canary_total'];

describe('every metric of the catalogue', () => {
  const sources = ['services', 'libs']
    .flatMap((root) => readdirSync(root, { recursive: true, encoding: 'utf8' }).map((file) => join(root, file)))
    .filter((file) => /[/\\]src[/\\].*\.ts$/.test(file) && !/spec\.ts$|catalogue\.ts$/.test(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');

  it.each(Object.keys(METRICS).filter((name) => !SET_ELSEWHERE.includes(name)))('%s is set by somebody', (name) => {
    expect(sources).toContain(`'${name}'`);
  });
});

describe('objectives', () => {
  it('count as outages the reasons that say nothing of the task, and no others', () => {
    expect(INTERNAL_REASONS).toContain('VERDICT_TIMEOUT');
    expect(INTERNAL_REASONS).toContain('CONTROL_ERROR');
    expect(INTERNAL_REASONS).not.toContain('GUARDRAIL_BLOCKED');
    expect(INTERNAL_REASONS).toHaveLength(10);
  });

  it('have an id and an alert each of their own', () => {
    expect(new Set(OBJECTIVES.map(({ id }) => id)).size).toBe(OBJECTIVES.length);
    expect(new Set([...OBJECTIVES, ...CAUSE_ALERTS].map((a) => ('alert' in a ? a.alert : a.name))).size).toBe(
      OBJECTIVES.length + CAUSE_ALERTS.length,
    );
  });
});

describe('every alert', () => {
  const tests = readFileSync(join(folder, 'prometheus', 'tests', 'countersign.test.yaml'), 'utf8');

  it.each(alertNames)(
    '%s has a runbook that says what it means, what it does, how to find out and how to end it',
    (name) => {
      const path = runbookOf(name);
      expect(existsSync(path)).toBe(true);
      const text = readFileSync(path, 'utf8');
      for (const heading of [`# ${name}`, '## Meaning', '## Impact', '## Diagnosis', '## Mitigation'])
        expect(text).toContain(heading);
    },
  );

  it.each(alertNames)('%s is shown to fire and to be silent by a test of the rules', (name) => {
    const about = tests.split('\n').filter((line) => line.includes(`alertname="${name}"`));
    expect(about.some((line) => line.includes('> bool 0'))).toBe(true);
    expect(about.some((line) => !line.includes('> bool 0'))).toBe(true);
  });
});

describe('commands in runbooks', () => {
  const commands = alertNames.flatMap((name) =>
    [...readFileSync(runbookOf(name), 'utf8').matchAll(/npm run (cs -- [a-z]+(?: [a-z]+)?|trace)/g)].map(
      ([, c = '']) => c,
    ),
  );
  const help = (args: readonly string[]): string => {
    const { stdout } = spawnSync(process.execPath, [join('services', 'cli', 'dist', 'main.js'), ...args, '--help'], {
      encoding: 'utf8',
    });
    return stdout;
  };

  it.each([...new Set(commands)].filter((c) => c !== 'trace'))('%s exists', (command) => {
    const [, , group = '', sub] = command.split(' ');
    const known = help([group]);
    expect(known).toContain(`${group}`);
    if (sub !== undefined && known.includes('Commands:')) expect(known).toMatch(new RegExp(`^\\s+${sub}\\b`, 'm'));
  });
});

const promtool = spawnSync('promtool', ['--version']).status === 0;
const withPromtool = promtool ? it : it.skip;

describe('Prometheus itself', () => {
  const run = (...args: string[]) =>
    spawnSync('promtool', args, { encoding: 'utf8', cwd: join(folder, 'prometheus', 'tests') });

  withPromtool('takes the rules', () => {
    expect(run('check', 'rules', '../countersign.rules.yaml').status).toBe(0);
  });

  withPromtool('lets every alert fire on its cause and be silent otherwise', () => {
    const { status, stderr, stdout } = run('test', 'rules', 'countersign.test.yaml');
    expect(`${stdout}${stderr}`).toContain('SUCCESS');
    expect(status).toBe(0);
  });
});
