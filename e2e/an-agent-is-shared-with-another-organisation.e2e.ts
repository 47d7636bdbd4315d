import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { COMMANDS } from '@countersign/contracts';
import type { Agent } from '@countersign/agent-sdk';
import { Organisation } from './support/organisation.js';
import { startSystem, type RunningSystem } from './support/running-system.js';

const CLI = join(import.meta.dirname, '..', 'services', 'cli', 'dist', 'main.js');

describe('an agent that another organisation may use', () => {
  let running: RunningSystem;
  let [lender, user, stranger]: [Organisation, Organisation, Organisation] = [] as never;
  let [client, handled]: [Agent, string[]] = [] as never;
  let folder: string;
  let [share, connection] = ['', ''];

  /** `cs` of the operator; its answer, or its refusal. */
  async function cs(...args: readonly string[]): Promise<{ readonly [field: string]: unknown }> {
    const env = { ...process.env, COUNTERSIGN_RUN_FILE: join(running.folder, '.countersign', 'run.json') };
    const ended = await promisify(execFile)(process.execPath, [CLI, ...args, '--json'], { env, cwd: folder }).catch(
      (error: { stdout: string; stderr: string }) => ({ stdout: error.stderr, stderr: '' }),
    );
    return JSON.parse(ended.stdout) as { readonly [field: string]: unknown };
  }
  const shares = (org: Organisation): Promise<unknown> => cs('share', 'list', '--org', org.name);
  const submitted = () => client.submit({ target: lender.idOf('worker'), taskType: 'echo', text: 'hello' });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-share-'));
    running = await startSystem('share');
    [lender, user, stranger] = [
      await Organisation.create(running),
      await Organisation.create(running),
      await Organisation.create(running),
    ];
    await lender.agent('worker');
    await user.agent('client');
    await stranger.agent('client');
    client = await user.connected('client');
    handled = [];
    (await lender.connected('worker')).serve(({ envelope }) => {
      handled.push(envelope.id);
      return { parts: [{ text: 'done' }] };
    });
  });

  afterAll(async () => {
    for (const org of [lender, user, stranger]) await org?.close();
    await running?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('does not exist for another organisation before it is offered and accepted', async () => {
    const connecting = ['connect', 'client', `${lender.name}/worker`, '--org', user.name] as const;
    expect(await cs(...connecting)).toMatchObject({ problem: { code: 'AGENT_NOT_FOUND' } });
    const own = await cs('share', 'offer', 'worker', '--org', lender.name, '--to', lender.name);
    expect(own).toMatchObject({ problem: { code: 'REQUEST_INVALID', field: 'grantee' } });
    const offered = await cs('share', 'offer', 'worker', '--org', lender.name, '--to', user.name);
    share = String(offered['share']);
    expect(await cs(...connecting)).toMatchObject({ problem: { code: 'AGENT_NOT_FOUND' } });
    expect(await cs('share', 'accept', share, '--org', stranger.name)).toMatchObject({
      problem: { code: 'NOT_FOUND' },
    });
    await cs('share', 'accept', share, '--org', user.name);
    expect(await shares(lender)).toEqual([expect.objectContaining({ share, status: 'ACTIVE', waiting: [] })]);
    expect(await shares(user)).toEqual(await shares(lender));
    expect(await shares(stranger)).toEqual([]);
  });

  it('is reached when its organisation consents and the policy of the connection allows it', async () => {
    const made = await cs('connect', 'client', `${lender.name}/worker`, '--org', user.name);
    connection = String(made['connection']);
    await cs('policy', 'set', '{"taskTypes":["echo"]}', '--connection', connection, '--org', user.name);
    expect(await submitted()).toMatchObject({ state: 'DENIED' });
    expect(await shares(lender)).toEqual([expect.objectContaining({ waiting: [connection] })]);
    expect(await cs('connection', 'confirm', connection, '--org', stranger.name)).toMatchObject({
      problem: { code: 'NOT_FOUND' },
    });
    await cs('connection', 'confirm', connection, '--org', lender.name);
    await lender.untilKnown(client, 'worker');
    const answer = await submitted();
    expect(answer).toMatchObject({ state: 'COMPLETED' });
    expect(handled).toEqual([answer.task]);
  });

  it('stands in a record that verifies, of the organisation whose task it was', async () => {
    const verified = await running.operator.commands.call(COMMANDS.audit.verify, { org: user.id });
    expect(verified).toMatchObject({ ok: true });
    expect(verified.size).toBeGreaterThan(4);
  });

  it('is reached no more when a connection is suspended, and again when it goes on', async () => {
    await cs('connection', 'suspend', connection, '--org', user.name);
    expect(await submitted()).toMatchObject({ state: 'DENIED', code: 'CONNECTION_SUSPENDED' });
    await cs('connection', 'resume', connection, '--org', user.name);
    expect(await submitted()).toMatchObject({ state: 'COMPLETED' });
  });

  it('is reached no more by anybody of them when the share is revoked', async () => {
    await cs('share', 'revoke', share, '--org', lender.name);
    const before = handled.length;
    expect(await submitted()).toMatchObject({ state: 'DENIED' });
    expect(handled).toHaveLength(before);
    expect(await shares(user)).toEqual([expect.objectContaining({ status: 'REVOKED' })]);
    const list = await cs('connection', 'list', '--org', user.name);
    expect(list).toEqual([expect.objectContaining({ connection, status: 'DISCONNECTED' })]);
  });
});
