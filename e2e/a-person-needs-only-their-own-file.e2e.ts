import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Agent } from '@countersign/agent-sdk';
import { Organisation } from './support/organisation.js';
import { startSystem, type RunningSystem } from './support/running-system.js';

const CLI = join(import.meta.dirname, '..', 'services', 'cli', 'dist', 'main.js');

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe('a person on a machine of their own', () => {
  let running: RunningSystem;
  let org: Organisation;
  let client: Agent;
  let folder: string;

  /** `cs` with this run file, or with none as on any other machine. */
  async function cs(args: readonly string[], runFile = join(folder, 'there is none')): Promise<Ended> {
    const env = { ...process.env, COUNTERSIGN_RUN_FILE: runFile };
    return promisify(execFile)(process.execPath, [CLI, ...args], { env, cwd: folder }).then(
      ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
      (error: { code: number; stdout: string; stderr: string }) => {
        return { code: error.code, out: error.stdout, err: error.stderr };
      },
    );
  }
  const asOperator = (...args: readonly string[]): Promise<Ended> =>
    cs(args, join(running.folder, '.countersign', 'run.json'));

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-person-'));
    running = await startSystem('person');
    org = await Organisation.create(running);
    for (const name of ['client', 'target']) await org.agent(name);
    await org.connect('client', 'target', { approvalAboveMicros: '1000000' });
    client = await org.connected('client');
    (await org.connected('target')).serve(() => ({ parts: [{ text: 'done' }] }));
    await org.untilKnown(client, 'target');
  });

  afterAll(async () => {
    await org?.close();
    await running?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('makes a key there, is added by its public half, and makes a file of the invitation', async () => {
    const made = await cs(['operator', 'key', '--out', 'ann.key', '--json']);
    const { publicKey } = JSON.parse(made.out) as { publicKey: string };
    const added = await asOperator(
      ...['operator', 'create', 'ann', '--org', org.id, '--role', 'approver', '--public-key', publicKey],
      ...['--out', 'invitation.json'],
    );
    expect(added.code).toBe(0);
    expect(readFileSync(join(folder, 'invitation.json'), 'utf8')).not.toContain('PRIVATE');
    const joined = await cs(['operator', 'join', 'invitation.json', '--key', 'ann.key', '--out', 'ann.json']);
    expect([joined.code, joined.out]).toEqual([0, expect.stringContaining('those of ann of')]);
    const stranger = await cs(['operator', 'key', '--out', 'stranger.key']);
    expect(stranger.code).toBe(0);
    const wrong = await cs(['operator', 'join', 'invitation.json', '--key', 'stranger.key', '--out', 'wrong.json']);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('and the invitation is for operator-')]);
  });

  it('sees what waits and approves it, with no file of the operator', async () => {
    let waits = (_task: string): void => undefined;
    const waiting = new Promise<string>((resolve) => (waits = resolve));
    const answer = client.submit(
      { target: org.idOf('target'), taskType: 'echo', text: 'hello', maxCostMicros: '2000000' },
      { onState: ({ state, task }) => (state === 'AWAITING_APPROVAL' ? waits(task) : undefined) },
    );
    const task = await waiting;
    const seen = await cs(['approvals', '--as', 'ann.json']);
    expect([seen.code, seen.out]).toEqual([0, expect.stringContaining(task.slice(-12))]);
    const approved = await cs(['approve', task, '--as', 'ann.json']);
    expect([approved.code, approved.err]).toEqual([0, '']);
    expect(await answer).toMatchObject({ state: 'COMPLETED', round: 2 });
  });

  it('is told at once what is not for people, and what needs another role', async () => {
    const created = await cs(['org', 'create', 'mine', '--as', 'ann.json']);
    expect([created.code, created.err]).toEqual([
      1,
      expect.stringContaining('is for the operator of the installation'),
    ]);
    const agent = await cs(['agent', 'create', 'mine', '--out', 'agent.json', '--as', 'ann.json']);
    expect([agent.code, agent.err]).toEqual([1, expect.stringContaining('ann is APPROVER')]);
  });

  it('is not let in any more once they are disabled', async () => {
    expect((await asOperator('operator', 'disable', 'ann', '--org', org.id)).code).toBe(0);
    const refused = await cs(['approvals', '--as', 'ann.json']);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('did not let this person in')]);
  });
});
