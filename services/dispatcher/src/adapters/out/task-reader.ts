import type { KeyObject } from 'node:crypto';
import type { TaskKey, TaskState } from '@countersign/contracts';
import { unseal, type Database } from '@countersign/store';
import { Tasks, type StoredTask } from '../../application/ports.js';
import { attemptText, type AttemptKey } from '../../domain/attempt.js';
import type { TaskRecord } from '../../domain/model.js';
import { readBodies, type BodySide } from './task-bodies.js';
import { readRows, readTask, selectTasks } from './task-rows.js';
import { WrittenRows } from './written-rows.js';

/** The reading half of the rows of tasks. */
export abstract class TaskReader extends Tasks {
  protected readonly written = new WrittenRows();

  constructor(
    protected readonly database: Database,
    protected readonly sealKey: KeyObject,
  ) {
    super();
  }

  /** Reads rows of attempts. */
  async read(keys: readonly AttemptKey[]): Promise<readonly StoredTask[]> {
    return keys.length === 0 ? [] : this.database.tenants(orgsOf(keys), (tx) => readRows(tx, keys));
  }

  /** Rows in a state: as this process wrote them where it was the one, else read. For what is looked at again under the row's lock. */
  async inState(keys: readonly AttemptKey[], state: TaskState): Promise<readonly TaskRecord[]> {
    const { kept, unknown } = this.#writtenIn(keys, state);
    const read = await this.read(unknown);
    return [...kept, ...read.flatMap(({ record }) => (record.state === state ? [record] : []))];
  }

  /** Completed tasks of these whose answer was not noted as sent. What this process completed is not read again: its answer is noted by this process. */
  async unanswered(keys: readonly AttemptKey[]): Promise<readonly TaskRecord[]> {
    const { kept, unknown } = this.#writtenIn(keys, 'COMPLETED');
    const read = await this.read(unknown);
    return [
      ...kept,
      ...read.flatMap(({ record, answeredAt }) =>
        record.state === 'COMPLETED' && answeredAt === undefined ? [record] : [],
      ),
    ];
  }

  /** Rows whose claims made these grants: of them only what never changes may be used before their lock. */
  async ofGrants(grants: readonly string[]): Promise<readonly TaskRecord[]> {
    const kept = grants.flatMap((grant) => this.written.ofGrant(grant) ?? []);
    const known = new Set(kept.map(({ grantId }) => grantId));
    const unknown = grants.filter((grant) => !known.has(grant));
    if (unknown.length === 0) return kept;
    return [...kept, ...(await this.select('t.grant_id = any ($1::uuid[])', [unknown])).map(({ record }) => record)];
  }

  /** The newest attempt of a task. */
  async find(key: TaskKey): Promise<StoredTask | undefined> {
    return this.database.tenant(key.org, (tx) => readTask(tx, key));
  }

  /** Every attempt of a task, oldest first. */
  async attempts({ org, agent, task }: TaskKey): Promise<readonly StoredTask[]> {
    return this.selectOf(org, 't.org_id = $1 and t.agent_id = $2 and t.task_id = $3 order by t.attempt', [
      org,
      agent,
      task,
    ]);
  }

  /** Rows of any organisation that a condition selects; for timers and look-ups by grant. */
  async select(where: string, params: readonly unknown[] = []): Promise<readonly StoredTask[]> {
    return this.database.system((tx) => selectTasks(tx, where, params));
  }

  /** Rows of one organisation that a condition selects. */
  async selectOf(org: string, where: string, params: readonly unknown[]): Promise<readonly StoredTask[]> {
    return this.database.tenant(org, (tx) => selectTasks(tx, where, params));
  }

  /** A body: the original bytes of a task that waits for a person, or the bytes that its target gave. */
  async body(key: AttemptKey, side: BodySide): Promise<Buffer | undefined> {
    return (await this.bodies([key], side)).get(attemptText(key));
  }

  /** Bodies by the text of their attempt. */
  async bodies(keys: readonly AttemptKey[], side: BodySide): Promise<ReadonlyMap<string, Buffer>> {
    const kept = keys.flatMap((key) => {
      const bytes = this.written.body(key, side);
      return bytes === undefined ? [] : [[attemptText(key), bytes] as const];
    });
    const missing = keys.filter((key) => this.written.body(key, side) === undefined);
    if (missing.length === 0) return new Map(kept);
    const found = await this.database.tenants(orgsOf(missing), (tx) => readBodies(tx, side, missing));
    const read = found.map(
      (body) => [attemptText(body), unseal(this.sealKey, placeOf(body, side), body.sealed)] as const,
    );
    return new Map([...kept, ...read]);
  }

  #writtenIn(
    keys: readonly AttemptKey[],
    state: TaskState,
  ): { readonly kept: readonly TaskRecord[]; readonly unknown: readonly AttemptKey[] } {
    const wanted = [...new Map(keys.map((key) => [attemptText(key), key])).values()];
    const isKept = (key: AttemptKey): boolean => this.written.of(key)?.state === state;
    return {
      kept: wanted.filter(isKept).flatMap((key) => this.written.of(key) ?? []),
      unknown: wanted.filter((key) => !isKept(key)),
    };
  }
}

/** Organisations of attempts, sorted. */
export function orgsOf(keys: readonly AttemptKey[]): readonly string[] {
  return [...new Set(keys.map((k) => k.key.org))].sort();
}

/** What a sealed body is bound to. */
export function placeOf({ key, attempt }: AttemptKey, side: BodySide): string {
  return `${key.org}/${key.agent}/${key.task}/${attempt}/${side}`;
}
