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

const project = join(import.meta.dirname, '..', '..');

/** A system of its own for one file of journeys, with everything it made. */
export interface RunningSystem {
  readonly system: LocalSystem;
  readonly operator: Operator;
  /** The folder that a user would stand in: the system's state is in its `.countersign`. */
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

/** Starts everything anew; `name` is the file of journeys. */
export async function startSystem(
  name: string,
  options: Pick<LocalSystemOptions, 'replicas' | 'intakePer10s' | 'telemetry' | 'logLevel'> = {},
): Promise<RunningSystem> {
  const folder = join(project, '.countersign', 'e2e', name);
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

/** Starts a system on what an earlier one has left in a folder. */
export function openSystem(
  folder: string,
  options: Pick<LocalSystemOptions, 'replicas' | 'intakePer10s' | 'telemetry' | 'logLevel'> = {},
): Promise<LocalSystem> {
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
