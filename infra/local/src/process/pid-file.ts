import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isSameProcess, processIdentity } from '../../bin/shared/process-identity.mjs';
import { isRecord } from '../json.js';

/** A process that was started, with what tells it from a later one under the same id. */
export interface NotedProcess {
  readonly name: string;
  readonly pid: number;
  readonly identity: string;
}

/** Remembers on disk what this run has started, so that the next run can clean up after a kill -9 without touching anything else. */
export class PidFile {
  readonly #path: string;
  readonly #noted = new Map<string, NotedProcess>();

  constructor(path: string) {
    this.#path = path;
  }

  /** Those of an earlier run that live on. */
  leftBehind(): readonly NotedProcess[] {
    return this.#read().filter(({ pid, identity }) => pid !== process.pid && isSameProcess(pid, identity));
  }

  /** Notes a process under a name, in place of an earlier one of that name; a process that is gone already is not noted. */
  note(name: string, pid: number): void {
    const identity = processIdentity(pid);
    if (identity === undefined) return;
    this.#noted.set(name, { name, pid, identity });
    this.#write();
  }

  forgetAll(): void {
    this.#noted.clear();
    this.#write();
  }

  #read(): readonly NotedProcess[] {
    try {
      const value: unknown = JSON.parse(readFileSync(this.#path, 'utf8'));
      return Array.isArray(value) ? value.filter(isNoted) : [];
    } catch {
      return [];
    }
  }

  #write(): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const temporary = `${this.#path}.${randomUUID()}`;
    writeFileSync(temporary, JSON.stringify([...this.#noted.values()], undefined, 2), { mode: 0o600 });
    renameSync(temporary, this.#path);
  }
}

function isNoted(value: unknown): value is NotedProcess {
  if (!isRecord(value)) return false;
  const { name, pid, identity } = value;
  return typeof name === 'string' && typeof pid === 'number' && typeof identity === 'string';
}
