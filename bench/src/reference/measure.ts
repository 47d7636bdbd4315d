import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { obtainNatsServer, startNatsServer } from '@countersign/local';
import { closedLoop, ENDED_WELL, figures, type Measured } from '../closed-loop.js';
import { CpuMeter } from '../processes.js';
import { ANSWERS, provisionReference, ROLES } from './bare-bus.js';

/** How much is run. */
export interface Load {
  readonly tasks: number;
  readonly warmUp: number;
  readonly inFlight: number;
  /** Bytes of a task's text. */
  readonly bytes: number;
}

/** Measures the bare bus on a nats-server of its own. */
export async function measureReference(load: Load, cacheDir: string): Promise<Measured> {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const { path } = await obtainNatsServer({ cacheDir });
  const configText = `listen: "127.0.0.1:-1"\njetstream { store_dir: ${JSON.stringify(join(dir, 'store'))} }\n`;
  const server = await startNatsServer({ binary: path, configText, dir });
  const nc = await connect({ servers: server.url, noAsyncTraces: true });
  const children: ChildProcess[] = [];
  try {
    await provisionReference(nc);
    await Promise.all(ROLES.map((role) => startRole(role, server.url, children)));
    return await loop(nc, load, () => ({
      'nats-server': [server.pid],
      roles: children.map(({ pid }) => pid ?? 0),
      caller: [process.pid],
    }));
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await nc.close();
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function startRole(role: string, servers: string, children: ChildProcess[]): Promise<void> {
  const child = fork(fileURLToPath(new URL('./role.js', import.meta.url)), [role, servers]);
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', () => reject(new Error(`${role} did not start`)));
  });
}

async function loop(
  nc: NatsConnection,
  { tasks, warmUp, inFlight, bytes }: Load,
  groups: () => Readonly<Record<string, readonly number[]>>,
): Promise<Measured> {
  const js = jetstream(nc);
  const waiting = new Map<string, (ended: string) => void>();
  nc.subscribe(ANSWERS, {
    callback: (_error, message) => {
      message.respond();
      waiting.get(message.json<{ readonly id: string }>().id)?.(ENDED_WELL);
    },
  });
  await nc.flush();
  const text = 'x'.repeat(bytes);
  const run = async (): Promise<string> => {
    const id = randomUUID();
    const answered = new Promise<string>((resolve) => waiting.set(id, resolve));
    await js.publish(`ref.ing.${id}`, JSON.stringify({ id, text }));
    return answered.finally(() => waiting.delete(id));
  };
  await closedLoop({ tasks: warmUp, inFlight, run });
  const meter = new CpuMeter(groups);
  const measured = await closedLoop({ tasks, inFlight, run });
  return figures(
    measured,
    Object.values(meter.used()).reduce((sum, ms) => sum + ms, 0),
  );
}
