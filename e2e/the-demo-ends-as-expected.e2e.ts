import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readDemo, runDemo, type Demo } from '@countersign/local';
import { startLocalSystem } from './support/running-system.js';

const project = join(import.meta.dirname, '..');
const tasks = readDemo(join(project, 'infra', 'local', 'demo'));
const CONTROLS_AND_ANSWER = /^[●○]{6}$/;

describe('the demo', () => {
  let running: Awaited<ReturnType<typeof startLocalSystem>>;
  let demo: Demo;

  beforeAll(async () => {
    running = await startLocalSystem('demo');
    demo = await runDemo({ system: running.system, report: () => undefined });
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

  it('answers with what the agents worked out', () => {
    const textOf = (name: string): unknown =>
      demo.outcomes
        .find(({ task }) => task.name === name)
        ?.answer.parts?.map((part) => ('text' in part ? part.text : ''));
    expect(textOf('a conversion')).toEqual([expect.stringContaining('19.31')]);
    expect(textOf('a review')).toEqual([expect.stringMatching(/^\d+ lines added, \d+ removed/), expect.anything()]);
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
