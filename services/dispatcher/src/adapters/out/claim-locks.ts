import { isReasonCode, type ReasonCode } from '@countersign/contracts';
import type { Tx } from '@countersign/store';
import type { TaskRecord } from '../../domain/model.js';

/** What a block stands under. */
export interface BlockKey {
  readonly kind: 'AGENT' | 'CONNECTION' | 'SHARE' | 'KILL_SWITCH';
  readonly id: string;
}

/** A block row; a lifted one keeps its epoch. */
export interface BlockRow extends BlockKey {
  readonly active: boolean;
  readonly epoch: bigint;
  readonly code: string;
}

/** The id of the installation's kill switch. */
export const INSTALLATION = 'installation';

const lockName = ({ kind, id }: BlockKey): string => `block ${kind} ${id}`;

/** Everything that could block a task. */
export function blockKeysOf({ key, connection }: TaskRecord): readonly BlockKey[] {
  const keys: BlockKey[] = [
    { kind: 'KILL_SWITCH', id: INSTALLATION },
    { kind: 'KILL_SWITCH', id: key.org },
    { kind: 'AGENT', id: key.agent },
  ];
  if (connection === undefined) return keys;
  keys.push(
    { kind: 'KILL_SWITCH', id: connection.org },
    { kind: 'AGENT', id: connection.agent },
    { kind: 'CONNECTION', id: connection.id },
  );
  if (connection.share !== undefined) keys.push({ kind: 'SHARE', id: connection.share });
  return keys;
}

/** Takes the locks of all that could block, shared and sorted, in a statement of its own: the next statement sees every block that had them before. */
export async function lockShared(tx: Tx, keys: readonly BlockKey[]): Promise<void> {
  const names = [...new Set(keys.map(lockName))].sort();
  await tx.query(
    'select pg_advisory_xact_lock_shared(hashtextextended(k, 0)) from (select k from unnest($1::text[]) as k order by k) sorted',
    [names],
  );
}

/** Takes the lock of one block alone: every claim is before it or sees it. */
export async function lockExclusive(tx: Tx, key: BlockKey): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [lockName(key)]);
}

/** Block rows of these keys. */
export async function readBlocks(tx: Tx, keys: readonly BlockKey[]): Promise<ReadonlyMap<string, BlockRow>> {
  const rows = await tx.query<BlockRow>(
    'select b.kind, b.id, b.active, b.epoch, b.code from (select distinct * from unnest($1::text[], $2::text[]) as u(kind, id)) w join dispatcher.block b using (kind, id)',
    [keys.map((k) => k.kind), keys.map((k) => k.id)],
  );
  return new Map(rows.map((row) => [lockName(row), row]));
}

/** The code of the first active block of a task, and whether any block row holds a higher epoch than the task was judged by. */
export function blocksAgainst(
  record: TaskRecord,
  blocks: ReadonlyMap<string, BlockRow>,
): { readonly blocked: ReasonCode | undefined; readonly epochsMoved: boolean } {
  const found = blockKeysOf(record).flatMap((key) => blocks.get(lockName(key)) ?? []);
  const active = found.find((row) => row.active);
  const { epochs, connection, key } = record;
  const judged = (kind: BlockKey['kind'], id: string | undefined): BlockRow | undefined =>
    id === undefined ? undefined : blocks.get(lockName({ kind, id }));
  const higher = (row: BlockRow | undefined, epoch: number | undefined): boolean =>
    row !== undefined && (epoch === undefined || row.epoch > BigInt(epoch));
  const epochsMoved =
    higher(judged('AGENT', key.agent), epochs?.client) ||
    higher(judged('AGENT', connection?.agent), epochs?.target) ||
    higher(judged('CONNECTION', connection?.id), epochs?.connection) ||
    higher(judged('SHARE', connection?.share), epochs?.share);
  return {
    blocked: active === undefined ? undefined : isReasonCode(active.code) ? active.code : 'KILL_SWITCH_ACTIVE',
    epochsMoved,
  };
}
