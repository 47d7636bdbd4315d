import { setTimeout as sleep } from 'node:timers/promises';
import { isSameProcess } from '../../bin/shared/process-identity.mjs';
import type { NotedProcess } from './pid-file.js';

const POLL_MS = 25;

/** Ends processes of an earlier run: SIGTERM, which a stopped one hears too, then SIGKILL after `graceMs`. Only what still has the noted identity is touched. */
export async function endLeftBehind(processes: readonly NotedProcess[], graceMs: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGCONT'] as const) for (const one of processes) send(one, signal);
  if (await allEnded(processes, graceMs)) return;
  for (const one of processes) send(one, 'SIGKILL');
  await allEnded(processes, graceMs);
}

function send({ pid, identity }: NotedProcess, signal: NodeJS.Signals): void {
  if (!isSameProcess(pid, identity)) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the question and the signal.
  }
}

async function allEnded(processes: readonly NotedProcess[], patienceMs: number): Promise<boolean> {
  for (let waited = 0; waited < patienceMs; waited += POLL_MS) {
    if (!processes.some(({ pid, identity }) => isSameProcess(pid, identity))) return true;
    await sleep(POLL_MS);
  }
  return false;
}
