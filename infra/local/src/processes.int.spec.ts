import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { processIdentity } from '../bin/shared/process-identity.mjs';
import { freePort } from './free-port.js';
import { ProcessGroup, type ServiceSpec } from './processes.js';

jest.setTimeout(60_000);

const POLITE =
  "process.on('SIGTERM', () => { console.log('drained'); process.exit(0); }); setInterval(() => 0, 1000); console.log('up');";
const DEAF = "process.on('SIGTERM', () => 0); setInterval(() => 0, 1000); console.log('up');";

let dir = '';
let lines: string[] = [];
const groups: ProcessGroup[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-processes-'));
  lines = [];
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(groups.splice(0).map((group) => group.drain()));
  rmSync(dir, { recursive: true, force: true });
});

const open = async (graceMs = 8_000): Promise<ProcessGroup> => {
  const group = await ProcessGroup.open({
    pidFile: join(dir, 'pids.json'),
    graceMs,
    report: (line) => lines.push(line),
  });
  groups.push(group);
  return group;
};

const spec = (name: string, script: string): ServiceSpec => ({
  name,
  command: process.execPath,
  args: ['-e', script],
  env: {},
  logFile: join(dir, `${name}.log`),
});

const logged = async (name: string, text: string): Promise<void> => {
  while (!readFileSync(join(dir, `${name}.log`), 'utf8').includes(text)) await sleep(10);
};

const gone = async (pid: number): Promise<boolean> => {
  for (let tries = 0; tries < 600 && processIdentity(pid) !== undefined; tries += 1) await sleep(25);
  return processIdentity(pid) === undefined;
};

/** Another process that starts the same group and waits to be killed; returns the ids of what it started. */
const otherRun = async (scripts: readonly string[]): Promise<{ child: ChildProcess; pids: readonly number[] }> => {
  const specs = scripts.map((script, index) => spec(`service-${String(index)}`, script));
  const code = `
    import { ProcessGroup } from ${JSON.stringify(join(import.meta.dirname, '../dist/index.js'))};
    const group = await ProcessGroup.open({ pidFile: ${JSON.stringify(join(dir, 'pids.json'))}, report: () => 0 });
    const pids = [];
    for (const spec of ${JSON.stringify(specs)}) pids.push((await group.start(spec)).pid);
    console.log(JSON.stringify(pids));
    setInterval(() => 0, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout }))
    return { child, pids: JSON.parse(line) as number[] };
  throw new Error('the other run ended before it had started anything');
};

describe('a program that hears why it should end', () => {
  const listening = async (): Promise<{ child: ChildProcess; reasons: () => Promise<string[]> }> => {
    const code = `
      import { onShutdown } from ${JSON.stringify(join(import.meta.dirname, '../dist/index.js'))};
      onShutdown((reason) => { console.log(reason); setTimeout(() => process.exit(), 200); });
      setInterval(() => 0, 1000);
      console.log('up');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    children.push(child);
    if (child.stdout === null) throw new Error('the program has no output');
    const output = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await output.next()).value).toBe('up');
    const reasons = async (): Promise<string[]> => {
      const heard: string[] = [];
      for (let next = await output.next(); next.done !== true; next = await output.next()) heard.push(next.value);
      return heard;
    };
    return { child, reasons };
  };

  it('hears one Ctrl-C once, however often it arrives', async () => {
    const { child, reasons } = await listening();
    child.kill('SIGINT');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    const heard = await reasons();
    expect(heard).toHaveLength(1);
    expect(['SIGINT', 'SIGTERM']).toContain(heard[0]);
  });

  it('hears that its launcher is gone', async () => {
    const { child, reasons } = await listening();
    child.disconnect();
    expect(await reasons()).toEqual(['launcher-gone']);
  });
});

describe('a group of processes', () => {
  it('drains: every one is asked to end and has ended', async () => {
    const group = await open();
    const services = await Promise.all(['a', 'b'].map((name) => group.start(spec(name, POLITE))));
    await Promise.all(['a', 'b'].map((name) => logged(name, 'up')));
    await group.drain();
    expect(services.map((service) => service.running)).toEqual([false, false]);
    expect(readFileSync(join(dir, 'a.log'), 'utf8')).toBe('up\ndrained\n');
    expect(JSON.parse(readFileSync(join(dir, 'pids.json'), 'utf8'))).toEqual([]);
    expect(statSync(join(dir, 'pids.json')).mode & 0o777).toBe(0o600);
  });

  it('drains one that was stopped with SIGSTOP', async () => {
    const group = await open();
    const service = await group.start(spec('a', POLITE));
    await logged('a', 'up');
    service.kill('SIGSTOP');
    expect(await service.stop()).toEqual({ code: 0, signal: null });
  });

  it('ends one that does not listen', async () => {
    const group = await open(200);
    const service = await group.start(spec('deaf', DEAF));
    await logged('deaf', 'up');
    expect(await service.stop()).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('gives a program its own environment and nothing else', async () => {
    const group = await open();
    const printing =
      'console.log(Object.keys(process.env).filter((key) => !/^(PWD|OLDPWD|SHLVL|_)$/.test(key)).join())';
    const service = await group.start({ ...spec('env', printing), env: { COUNTERSIGN_X: '1' } });
    await service.exited;
    expect(readFileSync(join(dir, 'env.log'), 'utf8')).toBe('COUNTERSIGN_X\n');
  });

  it('knows when a service is ready, and shows its log when it never will be', async () => {
    const group = await open();
    const port = await freePort();
    const url = `http://127.0.0.1:${String(port)}/ready`;
    const serving = `require('http').createServer((q, r) => r.end()).listen(${String(port)}, '127.0.0.1')`;
    await (await group.start(spec('good', serving))).untilReady(url);
    const bad = await group.start(spec('bad', "console.error('configuration: no such key'); process.exit(1)"));
    await bad.exited;
    await expect(bad.untilReady('http://127.0.0.1:1/ready')).rejects.toThrow(/bad ended while.*\n.*no such key/);
  });

  it('starts a service again when it is killed and should be kept', async () => {
    const group = await open();
    const service = await group.start({ ...spec('kept', POLITE), restart: true });
    const { pid } = service;
    service.kill('SIGKILL');
    while (service.pid === pid) await sleep(10);
    await logged('kept', 'up');
    expect(lines).toEqual([
      'kept ended unexpectedly (SIGKILL)',
      expect.stringMatching(/^kept was started again after \d+ ms$/),
    ]);
  });

  it('does not outlive a starter that is killed with -9, and drains even then', async () => {
    const { child, pids } = await otherRun([POLITE, POLITE]);
    await logged('service-1', 'up');
    child.kill('SIGKILL');
    expect(await Promise.all(pids.map(gone))).toEqual([true, true]);
    expect(readFileSync(join(dir, 'service-1.log'), 'utf8')).toContain('drained');
  });

  it('ends at its start what an earlier run left behind, and says so', async () => {
    const { child, pids } = await otherRun([DEAF]);
    await logged('service-0', 'up');
    child.kill('SIGKILL');
    await open(200);
    expect(processIdentity(pids[0] ?? 0)).toBeUndefined();
    expect(lines).toEqual([`ending what an earlier run left behind: service-0 (${String(pids[0])})`]);
  });

  it('leaves a process alone that only has the id of one of its own', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
    children.push(stranger);
    const noted = [{ name: 'ours', pid: stranger.pid, identity: 'boot:1' }];
    writeFileSync(join(dir, 'pids.json'), JSON.stringify(noted));
    await open();
    expect({ lines, exitCode: stranger.exitCode, alive: processIdentity(stranger.pid ?? 0) !== undefined }).toEqual({
      lines: [],
      exitCode: null,
      alive: true,
    });
  });
});
