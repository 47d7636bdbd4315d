import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lineOf, readDemo, runDemo, stageOf, type Demo, type DemoOutcome } from '@countersign/local';
import { startLocalSystem } from './support/running-system.js';

const project = join(import.meta.dirname, '..');
const tasks = readDemo(join(project, 'infra', 'local', 'demo'));
const CONTROLS_AND_ANSWER = /^[●○]{6}$/;

describe('the demo', () => {
  let running: Awaited<ReturnType<typeof startLocalSystem>>;
  let demo: Demo;

  beforeAll(async () => {
    running = await startLocalSystem('demo');
    demo = await runDemo({ stage: stageOf(running.system), report: () => undefined });
  });

  afterAll(async () => {
    await demo?.close();
    await running?.stop();
  });

  it.each(tasks.map((task) => [task.name, task] as const))('%s ends as expected', (name) => {
    const outcome = demo.outcomes.find(({ task }) => task.name === name);
    expect(outcome?.surprise).toBeUndefined();
    expect(outcome?.verdicts).toMatch(CONTROLS_AND_ANSWER);
  });

  const outcomeOf = (name: string): DemoOutcome => {
    const found = demo.outcomes.find(({ task }) => task.name === name);
    if (found === undefined) throw new Error(`there is no task ${name}`);
    return found;
  };
  const saidIn = (name: string): string =>
    (outcomeOf(name).answer.parts ?? []).map((part) => ('text' in part ? part.text : '')).join('');

  it('answers with what the agents worked out', () => {
    expect(saidIn('a conversion')).toContain('19.31');
    expect(saidIn('a review')).toMatch(/^\d+ lines added, \d+ removed/);
  });

  it('hands personal data over as stars', () => {
    expect(saidIn('personal data')).toContain('**** **** **** 1111');
    expect(saidIn('personal data')).toContain('***-**-****');
    expect(saidIn('personal data')).not.toMatch(/4111|123-45-6789/);
  });

  it('tells nothing of an answer with a canary in it', () => {
    expect(outcomeOf('a leaked canary').answer.parts).toBeUndefined();
  });

  it('shows how the score fell below what the connection asks for', () => {
    const { before = 0, after = 0 } = outcomeOf('trust that fell').fallen ?? {};
    expect(before).toBeGreaterThanOrEqual(2_800);
    expect(after).toBeLessThan(2_500);
  });

  it('says when a rate lets the next one pass', () => {
    const { retryAfterMs = 0 } = outcomeOf('two a minute').answer;
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it('asks two people where more than ten times the threshold is at stake', () => {
    expect([outcomeOf('held and approved').approvals, outcomeOf('approved by two').approvals]).toEqual([1, 2]);
  });

  it('is a table of at most 120 columns, with the time that stands before each line', () => {
    const wide = demo.outcomes.map((outcome) => lineOf(outcome)).filter((line) => line.length > 110);
    expect(wide).toEqual([]);
  });

  it('counts six verdicts before it releases', () => {
    const released = demo.outcomes.filter(({ answer }) => answer.state === 'COMPLETED');
    expect(released.length).toBeGreaterThan(3);
    for (const { verdicts } of released) expect(verdicts).toBe('●●●●●●');
  });

  it('leaves a record that verifies', () => {
    expect(demo.recordOk).toBe(true);
    expect(demo.recordSize).toBeGreaterThan(tasks.length);
  });

  it('lets the lines of TypeScript in the README submit a task as they stand', async () => {
    const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(project, 'README.md'), 'utf8')) ?? [];
    if (code === undefined) throw new Error('README.md shows no TypeScript');
    expect(code.trim().split('\n').length).toBeLessThanOrEqual(12);
    writeFileSync(join(running.folder, 'hello.ts'), code);
    const { stdout } = await promisify(execFile)(process.execPath, ['hello.ts'], { cwd: running.folder });
    expect(stdout).toContain('COMPLETED');
  });
});
