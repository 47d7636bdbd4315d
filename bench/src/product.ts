import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS, NEUTRAL_SURFACE, type CredentialFile } from '@countersign/contracts';
import { connect, type Agent } from '@countersign/agent-sdk';
import { connectOperator, LocalSystem, removePostgres, type Operator } from '@countersign/local';
import { closedLoop, figures, round, type Measured } from './closed-loop.js';
import { CpuMeter, rssBytesOf, withChildren } from './processes.js';
import type { Load } from './reference/measure.js';

/** What the product measured, with the CPU of each process a task in milliseconds. */
export interface MeasuredProduct extends Measured {
  readonly cpuMsPerTaskByProcess: Readonly<Record<string, number>>;
  /** Resident memory of each process in MiB, before the first task and after the last. */
  readonly memoryMiB: Readonly<Record<string, { readonly atRest: number; readonly afterLoad: number }>>;
}

/** Measures the whole product: every service as its own process, a real nats-server and PostgreSQL, two agents on the SDK. Nothing is traced unless `telemetry` says where to. */
export async function measureProduct(
  load: Load,
  project: string,
  telemetry: Readonly<Record<string, string>> = {},
): Promise<MeasuredProduct> {
  const state = join(project, '.countersign', 'bench');
  await remove(state);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const system = await LocalSystem.start({
    project,
    state,
    logLevel: 'warn',
    report: () => undefined,
    // one agent submits all the load
    intakePer10s: 1_000_000,
    telemetry,
  });
  const agents: Agent[] = [];
  try {
    const operator = await connectOperator(system.run);
    const pair = await makePair(operator, system.run.nats);
    const [client, target] = [await connect(pair.client), await connect(pair.target)];
    agents.push(client, target);
    target.serve(() => ({ parts: [{ text: 'done' }] }), { concurrency: load.inFlight });
    await untilKnown(client);
    const measured = await loop(client, pair.target.agent, { load, groups: () => groupsOf(system) });
    await operator.close();
    return measured;
  } finally {
    await Promise.all(agents.map((agent) => agent.close()));
    await system.stop();
    await remove(state);
  }
}

interface LoopContext {
  readonly load: Load;
  readonly groups: () => Readonly<Record<string, readonly number[]>>;
}

async function loop(client: Agent, target: string, { load, groups }: LoopContext): Promise<MeasuredProduct> {
  const { tasks, warmUp, inFlight, bytes } = load;
  const text = 'x'.repeat(bytes);
  const run = async (): Promise<string> => {
    const { state, code } = await client.submit({ target, taskType: 'echo', text });
    return code === undefined ? state : `${state} (${code})`;
  };
  const atRest = memoryOf(groups());
  await closedLoop({ tasks: warmUp, inFlight, run });
  const meter = new CpuMeter(groups);
  const measured = await closedLoop({ tasks, inFlight, run });
  const used = meter.used();
  const perTask = Object.entries(used).map(([name, ms]) => [name, round(ms / tasks, 3)] as const);
  return {
    ...figures(
      measured,
      Object.values(used).reduce((sum, ms) => sum + ms, 0),
    ),
    cpuMsPerTaskByProcess: Object.fromEntries(perTask),
    memoryMiB: Object.fromEntries(
      Object.entries(memoryOf(groups())).map(([name, afterLoad]) => [name, { atRest: atRest[name] ?? 0, afterLoad }]),
    ),
  };
}

function memoryOf(groups: Readonly<Record<string, readonly number[]>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(groups).map(([name, pids]) => [
      name,
      round(pids.reduce((sum, pid) => sum + rssBytesOf(pid), 0) / 2 ** 20, 1),
    ]),
  );
}

function groupsOf(system: LocalSystem): Readonly<Record<string, readonly number[]>> {
  const services = [...system.services].map(([name, service]) => [name, [service.pid]] as const);
  return {
    ...Object.fromEntries(services),
    'nats-server': [system.nats.pid],
    postgresql: withChildren(system.postgres.pid),
    'two agents': [process.pid],
  };
}

async function makePair(
  { commands }: Operator,
  nats: string,
): Promise<{ readonly client: CredentialFile; readonly target: CredentialFile }> {
  const { org } = await commands.call(COMMANDS.registry.orgCreate, { name: 'bench' });
  await commands.call(COMMANDS.guardrails.setBaseline, { org });
  const make = async (name: string): Promise<CredentialFile> => {
    const { credential } = await commands.call(COMMANDS.registry.agentCreate, { org, name, surface: NEUTRAL_SURFACE });
    return { nats: [nats], ...credential };
  };
  const [client, target] = [await make('client'), await make('target')];
  const { connection } = await commands.call(COMMANDS.registry.connectionCreate, {
    client: { org, agent: client.agent },
    target: { org, agent: target.agent },
  });
  const scope = { kind: 'connection', org, connection } as const;
  await commands.call(COMMANDS.policy.set, { scope, change: { taskTypes: ['echo'], monthlyCapMicros: '1000000000' } });
  return { client, target };
}

async function untilKnown(client: Agent): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    if ((await client.peers().catch(() => [])).length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the connection did not become known');
}

async function remove(state: string): Promise<void> {
  await removePostgres({ project: state, stateDir: join(state, 'postgres') }).catch(() => undefined);
  rmSync(state, { recursive: true, force: true });
}
