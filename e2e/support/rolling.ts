import { readFileSync } from 'node:fs';
import { freePort, type ServiceName } from '@countersign/local';
import type { LocalRunningSystem } from './running-system.js';

const FIRST_PORT = 9_300;
let made = 0;

/** How a replica ended that was told to. */
export interface Ending {
  readonly name: string;
  readonly code: number | null;
  /** What it warned of about its own end: a drain that failed or was cut short. */
  readonly complaints: readonly string[];
}

/** Names of the replicas of a service that run now. */
export function replicasOf({ system }: Pick<LocalRunningSystem, 'system'>, service: ServiceName): readonly string[] {
  return [...system.services.keys()].filter((name) => name.replace(/-\d+$/, '') === service);
}

/** Replaces each replica of a service as Kubernetes does with maxSurge 1 and maxUnavailable 0: a new one, and when it can decide, SIGTERM to an old one. */
export async function roll(
  running: Pick<LocalRunningSystem, 'system'>,
  service: ServiceName,
): Promise<readonly Ending[]> {
  const endings: Ending[] = [];
  for (const name of replicasOf(running, service)) {
    await startAnother(running, service);
    endings.push(await terminate(running, name));
  }
  return endings;
}

/** Starts one more replica and waits until it can decide. */
export async function startAnother(
  { system }: Pick<LocalRunningSystem, 'system'>,
  service: ServiceName,
): Promise<void> {
  made += 1;
  await system.startService(service, `${service}-${String(100 + made)}`, await freePort(FIRST_PORT + made));
}

/** Sends SIGTERM to a replica and waits for its end. */
export async function terminate({ system }: Pick<LocalRunningSystem, 'system'>, name: string): Promise<Ending> {
  const replica = system.services.get(name);
  if (replica === undefined) throw new Error(`there is no replica ${name}`);
  system.services.delete(name);
  const { code } = await replica.stop();
  const log = readFileSync(replica.logFile, 'utf8').split('\n');
  return { name, code, complaints: log.filter((line) => /ended before it had drained|could not drain/.test(line)) };
}
