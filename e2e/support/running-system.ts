import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  connectOperator,
  LocalSystem,
  removePostgres,
  type LocalSystemOptions,
  type Operator,
  type ServiceName,
} from '@countersign/local';
import { attachComposed, isComposed, type JourneySystem } from './composed-system.js';

const project = join(import.meta.dirname, '..', '..');

/** A system of its own for one file of journeys, with everything it made. */
export interface RunningSystem {
  readonly system: JourneySystem;
  readonly operator: Operator;
  /** The folder that a user would stand in: the system's state is in its `.countersign`. */
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

/** One whose processes are of this machine. */
export interface LocalRunningSystem extends RunningSystem {
  readonly system: LocalSystem;
}

type Options = Pick<LocalSystemOptions, 'replicas' | 'intakePer10s' | 'telemetry' | 'logLevel'>;

/** Starts everything anew, or attaches to the composed system; `name` is the file of journeys. */
export async function startSystem(name: string, options: Options = {}): Promise<RunningSystem> {
  return isComposed ? composedSystem(folderOf(name), options) : startLocalSystem(name, options);
}

const folderOf = (name: string): string => join(project, '.countersign', 'e2e', name);

/** Starts everything anew as processes of this machine, for journeys that are about just that. */
export async function startLocalSystem(name: string, options: Options = {}): Promise<LocalRunningSystem> {
  const folder = folderOf(name);
  await remove(folder);
  const system = await openSystem(folder, options);
  const operator = await connectOperator(system.run);
  const stop = async (): Promise<void> => {
    await operator.close();
    await system.stop();
    await remove(folder);
  };
  return { system, operator, folder, stop };
}

/** The composed system stays up from one file of journeys to the next. */
async function composedSystem(folder: string, { replicas }: Options): Promise<RunningSystem> {
  const { system, operator } = await attachComposed(replicas);
  return { system, operator, folder, stop: () => operator.close() };
}

/** Starts a system on what an earlier one has left in a folder. */
export function openSystem(folder: string, options: Options = {}): Promise<LocalSystem> {
  const report = process.env['E2E_VERBOSE'] === '1' ? (line: string) => process.stderr.write(`${line}\n`) : () => true;
  return LocalSystem.start({
    project,
    state: join(folder, '.countersign'),
    logLevel: 'warn',
    report: (line) => void report(line),
    // journeys submit bursts; the one about the quota sets its own
    intakePer10s: 1_000_000,
    ...options,
  });
}

/** Sends a signal to every replica of a service. */
export function signalService(
  { system }: Pick<RunningSystem, 'system'>,
  service: ServiceName,
  signal: NodeJS.Signals,
): void {
  for (const [name, managed] of system.services) if (name.replace(/-\d+$/, '') === service) managed.kill(signal);
}

/** Waits until every replica of a service can decide. */
export async function untilReady({ system }: Pick<RunningSystem, 'system'>, service: ServiceName): Promise<void> {
  for (const [name, managed] of system.services)
    if (name.replace(/-\d+$/, '') === service)
      await managed.untilReady(`${system.run.services[name]?.health ?? ''}/ready`);
}

async function remove(folder: string): Promise<void> {
  const state = join(folder, '.countersign');
  await removePostgres({ project: state, stateDir: join(state, 'postgres') }).catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
}
