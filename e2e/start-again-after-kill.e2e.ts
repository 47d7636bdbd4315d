import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { COMMANDS, isTerminal, type TaskKey, type TaskState } from '@countersign/contracts';
import { SystemClock, SystemRandom, uuidV7 } from '@countersign/primitives';
import {
  connectOperator,
  foldersOf,
  readRunFile,
  removePostgres,
  type Operator,
  type RunFile,
} from '@countersign/local';
import { Organisation, type World } from './support/organisation.js';

const project = join(import.meta.dirname, '..');
const folder = join(project, '.countersign', 'e2e', 'start-again');
const state = join(folder, '.countersign');
const folders = foldersOf(project, state);
const TASKS = 400;
const IN_FLIGHT = 100;
const KILL_AFTER = 100;

interface Started {
  readonly starter: ChildProcess;
  readonly run: RunFile;
}

async function start(): Promise<Started> {
  const program = join(import.meta.dirname, 'support', 'system-process.ts');
  const starter = spawn(process.execPath, [program, project, state], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    starter.stdout?.on('data', (text: Buffer) => (text.toString().includes('ready') ? resolve() : undefined));
    starter.once('exit', (code) => reject(new Error(`the system did not start (${String(code)})`)));
  });
  const run = readRunFile(folders.runFile);
  if (run === undefined) throw new Error('the system left no run file');
  return { starter, run };
}

/** Every process at once: the starter, seven services, nats-server, PostgreSQL. */
function killEverything({ starter, run }: Started): void {
  const services = Object.values(run.services).map(({ pid }) => pid);
  for (const pid of [starter.pid, ...services, run.natsPid, run.postgresPid])
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

/** States of tasks by id; waits for those that have not ended. What was never accepted has none. */
async function endsOf(operator: Operator, tasks: readonly TaskKey[]): Promise<ReadonlyMap<string, TaskState>> {
  for (let i = 0; ; i += 1) {
    const { rows } = await operator.commands.call(COMMANDS.dispatcher.tasks, {
      tasks: tasks.map((task) => ({ task, attempt: 1 })),
    });
    if (i === 50 || rows.every((row) => isTerminal(row.state)))
      return new Map(rows.map((row) => [row.task.task, row.state]));
    await sleep(1_000);
  }
}

describe('after kill -9 of everything', () => {
  let started: Started;
  let org: Organisation | undefined;

  beforeAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    started = await start();
  });

  afterAll(async () => {
    await org?.close();
    const ended = new Promise((resolve) => started.starter.once('exit', resolve));
    started.starter.kill('SIGTERM');
    await ended;
    await removePostgres({ project: state, stateDir: folders.postgres });
    rmSync(folder, { recursive: true, force: true });
  });

  it('every accepted task ends, none is handed over twice, and the record verifies', async () => {
    const operator = await connectOperator(started.run);
    const world: World = { system: { run: started.run, folders }, operator };
    const made = await Organisation.create(world);
    org = made;
    for (const name of ['client', 'target']) await made.agent(name);
    await made.connect('client', 'target');
    const [client, target] = [await made.connected('client'), await made.connected('target')];
    await made.untilKnown(client, 'target');
    const handled: string[] = [];
    target.serve(async ({ envelope }) => {
      handled.push(envelope.id);
      await sleep(20);
      return { parts: [{ text: 'done' }] };
    });

    const ids = Array.from({ length: TASKS }, () => uuidV7(new SystemClock().now(), new SystemRandom()));
    const accepted = new Set<string>();
    let ended = 0;
    const waiting = [...ids];
    const worker = async (): Promise<void> => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const deadline = new Date(Date.now() + 20_000).toISOString();
        const task = { id, target: made.idOf('target'), taskType: 'echo', text: 'hello', deadline };
        const answer = await client.submit(task).catch(() => undefined);
        if (answer !== undefined) accepted.add(id);
        ended += 1;
      }
    };
    const submissions = Array.from({ length: IN_FLIGHT }, worker);
    while (ended < KILL_AFTER) await sleep(5);
    killEverything(started);
    await operator.close().catch(() => undefined);
    started = await start();
    await Promise.all(submissions);

    const again = await connectOperator(started.run);
    const task = (id: string): TaskKey => ({
      org: made.id,
      agent: client.id,
      task: id,
    });
    const known = await endsOf(again, ids.map(task));
    expect([...accepted].filter((id) => !known.has(id))).toEqual([]);
    expect([...known].filter(([, found]) => !isTerminal(found))).toEqual([]);
    expect(new Set(handled).size).toBe(handled.length);
    expect([...known.values()].filter((found) => found === 'COMPLETED').length).toBeGreaterThanOrEqual(KILL_AFTER);
    const verified = await again.commands.call(COMMANDS.audit.verify, { org: made.id });
    expect(verified).toMatchObject({ ok: true, firstBad: null });
    const check = await again.commands.call(COMMANDS.budget.check, { org: made.id });
    expect(check).toEqual({ balanced: true, differences: [] });
    await again.close();
  });
});
