import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processIdentity } from '@countersign/local';

/** The process whose end is the end of the test run, and where that run keeps what its workers share. */
export interface TestRun {
  readonly pid: number;
  /** A text that no other process of this machine has had under this id. */
  readonly identity: string;
  /** Folder of this run alone. */
  readonly folder: string;
}

/** The run that this process belongs to: jest's own process, also when asked in one of its workers. */
export function testRun(): TestRun {
  const inWorker = (process.argv[1] ?? '').includes('jest-worker');
  const pid = inWorker ? process.ppid : process.pid;
  const identity = processIdentity(pid);
  if (identity === undefined) throw new Error(`the test run's process ${String(pid)} is gone`);
  const name = createHash('sha256').update(identity).digest('hex').slice(0, 12);
  return { pid, identity, folder: join(tmpdir(), `countersign-run-${String(pid)}-${name}`) };
}
