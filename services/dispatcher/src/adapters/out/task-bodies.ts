import type { Tx } from '@countersign/store';
import type { AttemptKey } from '../../domain/attempt.js';
import { KEYS, keyParams } from './task-rows.js';

/** Which body of an attempt: what came in, what the target gave, or what is delivered in its place after output screening changed it. */
export type BodySide = 'in' | 'out' | 'delivered';

/** A sealed body of an attempt. */
export interface SealedBody extends AttemptKey {
  readonly sealed: Buffer;
}

/** Keeps sealed bodies; the first of an attempt stands. */
export async function insertBodies(tx: Tx, side: BodySide, bodies: readonly SealedBody[]): Promise<void> {
  if (bodies.length === 0) return;
  await tx.query(
    `insert into dispatcher.body (org_id, agent_id, task_id, attempt, side, sealed) select o, a, k, n, $5, b
     from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $6::bytea[]) as w(o, a, k, n, b) on conflict do nothing`,
    [...keyParams(bodies), side, bodies.map(({ sealed }) => sealed)],
  );
}

/** Reads sealed bodies; the last statement of its transaction. */
export async function readBodies(tx: Tx, side: BodySide, keys: readonly AttemptKey[]): Promise<readonly SealedBody[]> {
  const rows = await tx.last<{
    readonly org_id: string;
    readonly agent_id: string;
    readonly task_id: string;
    readonly attempt: number;
    readonly sealed: Buffer;
  }>(
    `select b.org_id, b.agent_id, b.task_id, b.attempt, b.sealed from ${KEYS} join dispatcher.body b using (org_id, agent_id, task_id, attempt) where b.side = $5`,
    [...keyParams(keys), side],
  );
  return rows.map((row) => ({
    key: { org: row.org_id, agent: row.agent_id, task: row.task_id },
    attempt: row.attempt,
    sealed: row.sealed,
  }));
}
