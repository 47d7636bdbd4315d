import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { processIdentity } from '../bin/shared/process-identity.mjs';
import { freePort } from './free-port.js';
import { startNatsServer, type NatsProcess } from './nats-process.js';
import { obtainNatsServer } from './nats-server.js';

jest.setTimeout(60_000);

const cacheDir = join(import.meta.dirname, '../../../.countersign/cache');
const running: NatsProcess[] = [];
let binary = '';
let dir = '';

beforeAll(async () => {
  binary = (await obtainNatsServer({ cacheDir })).path;
}, 600_000);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-nats-'));
});

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

const config = (port = -1): string =>
  `listen: "127.0.0.1:${String(port)}"\nhttp: "127.0.0.1:-1"\njetstream { store_dir: "${join(dir, 'store')}" }\n`;

const start = async (extra: object = {}): Promise<NatsProcess> => {
  const server = await startNatsServer({ binary, dir, configText: config(), ...extra });
  running.push(server);
  return server;
};

const greeting = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.once('data', (data) => {
      resolve(data.toString());
      socket.destroy();
    });
    socket.once('error', reject);
  });

describe('a nats-server process', () => {
  it('answers on the ports it chose, with JetStream, as soon as it is handed over', async () => {
    const server = await start();
    expect(await greeting(server.url)).toContain('"jetstream":true');
    expect((await fetch(`${String(server.monitoringUrl)}/healthz`)).status).toBe(200);
  });

  it('needs no monitoring port', async () => {
    const server = await start({ configText: 'listen: "127.0.0.1:-1"\n' });
    expect(server.monitoringUrl).toBeUndefined();
    expect(await greeting(server.url)).toMatch(/^INFO /);
  });

  it('is gone after stop', async () => {
    const server = await start();
    const { pid } = server;
    await server.stop();
    expect({ running: server.running, identity: processIdentity(pid) }).toEqual({
      running: false,
      identity: undefined,
    });
  });

  it('rejects with its last log lines when the configuration is wrong', async () => {
    await expect(start({ configText: 'no_such_setting: 1\n' })).rejects.toThrow(/no_such_setting/);
  });

  it('is started again on its port when it is killed under supervision', async () => {
    const lines: string[] = [];
    const configText = config(await freePort());
    const server = await start({ configText, supervise: true, report: (line: string) => lines.push(line) });
    const before = { pid: server.pid, url: server.url };
    server.kill('SIGKILL');
    while (server.pid === before.pid) await sleep(10);
    expect(await greeting(before.url)).toMatch(/^INFO /);
    expect(lines[0]).toMatch(/nats-server ended unexpectedly \(SIGKILL\)/);
  });

  it('ends with its starter when that is killed with -9', async () => {
    const script = `
      import { startNatsServer } from ${JSON.stringify(join(import.meta.dirname, '../dist/index.js'))};
      const server = await startNatsServer(${JSON.stringify({ binary, dir, configText: config() })});
      console.log(server.pid);
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let pid = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      pid = Number(line);
      break;
    }
    expect(processIdentity(pid)).toBeDefined();
    child.kill('SIGKILL');
    let alive = true;
    for (let tries = 0; alive && tries < 400; tries += 1) {
      await sleep(25);
      alive = processIdentity(pid) !== undefined;
    }
    expect(alive).toBe(false);
  });
});
