import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Milliseconds of CPU that a process has used, user and system; 0 when it is gone. */
export function cpuMsOf(pid: number): number {
  return process.platform === 'linux' ? cpuFromProc(pid) : cpuFromPs(pid);
}

/** A process and everything it has started. */
export function withChildren(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    return [pid, ...children.flatMap((child) => withChildren(Number(child)))];
  } catch {
    return [pid];
  }
}

/** proc_pid_stat(5): utime and stime in ticks of 10 ms. */
function cpuFromProc(pid: number): number {
  try {
    const [, after = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
    const fields = after.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

/** `[dd-]hh:mm:ss.cc` of ps. */
function cpuFromPs(pid: number): number {
  try {
    const text = execFileSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return text.split(/[:-]/).reduce((sum, part) => sum * 60 + Number(part), 0) * 1000;
  } catch {
    return 0;
  }
}

/** Resident memory of a process in bytes; 0 when it is gone. */
export function rssBytesOf(pid: number): number {
  try {
    if (process.platform === 'linux') {
      const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
      return Number(pages) * 4_096;
    }
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).trim()) * 1_024;
  } catch {
    return 0;
  }
}

/** CPU by name of process group; the difference of two says what was used in between. */
export class CpuMeter {
  readonly #before: ReadonlyMap<string, number>;

  constructor(private readonly groups: () => Readonly<Record<string, readonly number[]>>) {
    this.#before = this.#read();
  }

  /** Milliseconds since this was made, by name. A process that was replaced in between counts from its start. */
  used(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.#read()].map(([name, ms]) => [name, Math.max(0, ms - (this.#before.get(name) ?? 0))]),
    );
  }

  #read(): ReadonlyMap<string, number> {
    return new Map(
      Object.entries(this.groups()).map(([name, pids]) => [name, pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0)]),
    );
  }
}
