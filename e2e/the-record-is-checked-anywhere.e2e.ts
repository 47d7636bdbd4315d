import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { COMMANDS, CONTROLS, type AnswerData } from '@countersign/contracts';
import { echoPair } from './support/organisation.js';
import { startSystem, type RunningSystem } from './support/running-system.js';

const project = join(import.meta.dirname, '..');
const SECRET = 'a sentence that stands nowhere in the open';

let running: RunningSystem;
let pair: Awaited<ReturnType<typeof echoPair>>;
let released: AnswerData;
let denied: AnswerData;

interface Ran {
  readonly code: number;
  readonly out: string;
}

/** Runs the command line as a person would; `env` replaces the run file. */
function cs(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const main = join(project, 'services', 'cli', 'dist', 'main.js');
  const runFile = { COUNTERSIGN_RUN_FILE: join(running.folder, '.countersign', 'run.json') };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env: { ...process.env, ...runFile, ...env } }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out: out + err }),
    );
  });
}
const json = (ran: Ran): Record<string, unknown> => JSON.parse(ran.out) as Record<string, unknown>;

async function ended(task: string): Promise<void> {
  const { commands } = running.operator;
  for (let i = 0; i < 100; i += 1) {
    const { part } = await commands.call(COMMANDS.audit.explain, {
      task: { org: pair.org.id, agent: pair.org.idOf('client'), task },
    });
    if (JSON.stringify(part).includes('"type":"finished"')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the end of the task was not recorded');
}

beforeAll(async () => {
  running = await startSystem('record');
  pair = await echoPair(running);
  const target = pair.org.idOf('target');
  released = await pair.client.submit({ target, taskType: 'echo', text: SECRET, maxCostMicros: '10' });
  denied = await pair.client.submit({ target, taskType: 'deploy', text: SECRET, maxCostMicros: '10' });
  await Promise.all([ended(released.task), ended(denied.task)]);
});

afterAll(async () => {
  await pair?.org.close();
  await running?.stop();
});

it('a record with its payloads is exported and verified without the system, down to every verdict', async () => {
  expect([released.state, denied.state]).toEqual(['COMPLETED', 'DENIED']);
  const file = join(running.folder, 'record.jsonl');
  const exported = await cs(['audit', 'export', '--out', file, '--payloads', '--org', pair.org.name, '--json']);
  expect(exported.code).toBe(0);
  const key = json(exported)['installationKey'] as string;
  const elsewhere = { COUNTERSIGN_RUN_FILE: '/nowhere' };
  const verified = await cs(['audit', 'verify', '--file', file, '--installation-key', key, '--json'], elsewhere);
  expect(verified.code).toBe(0);
  // two submissions and two decisions
  expect(json(verified)).toMatchObject({ status: 'ok', problems: [], payloads: { checked: 4 } });
  expect(Buffer.from(readFileSync(file, 'utf8')).toString()).not.toContain(SECRET);

  const lines = readFileSync(file, 'utf8');
  const tampered = join(running.folder, 'tampered.jsonl');
  writeFileSync(tampered, lines.replace('\\"decision\\":\\"deny\\"', '\\"decision\\":\\"hold\\"'));
  const broken = await cs(['audit', 'verify', '--file', tampered, '--installation-key', key], elsewhere);
  expect(broken).toMatchObject({
    code: 1,
    out: expect.stringMatching(/tampered at entry \d+: the header does not hash/),
  });
  const keyless = await cs(['audit', 'verify', '--file', file], elsewhere);
  expect(keyless).toMatchObject({ code: 2, out: expect.stringContaining('no installation key') });
});

it('every control is in the record of a decision with its verdict as it was signed', async () => {
  const { part } = await running.operator.commands.call(COMMANDS.audit.explain, {
    task: { org: pair.org.id, agent: pair.org.idOf('client'), task: released.task },
  });
  expect(part['payload']).toBe('open');
  expect(Object.keys(part['verdicts'] as object).sort()).toEqual([...CONTROLS].sort());
  const decided = (part['entries'] as { header: { type: string; verdicts: object } }[]).find(
    (e) => e.header.type === 'decided',
  );
  for (const control of CONTROLS)
    expect(decided?.header.verdicts).toHaveProperty(control, expect.objectContaining({ decision: 'APPROVE' }));
});

it('a checkpoint names the record and is signed', async () => {
  const { code, out } = await cs(['audit', 'checkpoint', '--org', pair.org.name]);
  expect(code).toBe(0);
  expect(out).toMatch(new RegExp(`^cs-[0-9a-f]{16}/audit/${pair.org.id}/1\\n\\d+\\n[A-Za-z0-9+/]{43}=\\n\\n— `));
});

it('a month that is not over is not erased', async () => {
  const month = new Date().toISOString().slice(0, 7);
  const refused = await cs(['audit', 'erase', month, '--reason', 'LEAK', '--org', pair.org.name]);
  expect(refused).toMatchObject({ code: 1, out: expect.stringContaining('can be erased from') });
});

it('a denied task is explained on one screen, with what would have to change', async () => {
  const { code, out } = await cs(['explain', denied.task, '--org', pair.org.name]);
  expect(code).toBe(0);
  const lines = out.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(60);
  expect(out).toContain('DENIED TASK_TYPE_NOT_ALLOWED');
  expect(out).toContain('TO PASS');
  expect(out).toMatch(/^policy +DENY +TASK_TYPE_NOT_ALLOWED/m);
  expect(out).toMatch(/decided deny/);
  if (process.env['E2E_VERBOSE'] === '1') process.stderr.write(out);
  const told = json(await cs(['explain', denied.task, '--org', pair.org.name, '--json']));
  expect(told).toMatchObject({ state: 'DENIED', code: 'TASK_TYPE_NOT_ALLOWED', silent: [] });
});
