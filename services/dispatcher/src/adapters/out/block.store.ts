import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/store';
import type { TaskRecord } from '../../domain/model.js';
import { lockExclusive, type BlockKey } from './claim-locks.js';
import { selectTasks } from './task-rows.js';

/** What is blocked or lifted. */
export interface BlockChange extends BlockKey {
  readonly active: boolean;
  readonly epoch: number;
  readonly code: string;
}

const IN_FLIGHT = `t.state in ('DISPATCHED', 'SCREENING', 'AWAITING_OUTPUT_APPROVAL')`;

/** Which rows a block is about. */
const TOUCHES: Readonly<Record<BlockKey['kind'], string>> = {
  AGENT: 'and (t.agent_id = $1::uuid or t.target_agent = $1::uuid)',
  CONNECTION: 'and t.connection_id = $1::uuid',
  SHARE: `and t.record #>> '{connection,share}' = $1`,
  KILL_SWITCH: `and ($1 = 'installation' or t.org_id::text = $1 or t.record #>> '{connection,org}' = $1)`,
};

/** Blocks: what is committed here is seen by every later claim. */
@Injectable()
export class BlockStore {
  constructor(private readonly database: Database) {}

  /** Commits a block under the lock that claims take shared; answers what was handed over before it. An older epoch changes nothing. */
  async put(change: BlockChange): Promise<readonly TaskRecord[]> {
    return this.database.system(async (tx) => {
      await lockExclusive(tx, change);
      await tx.query(
        `insert into dispatcher.block as b (kind, id, active, epoch, code) values ($1, $2, $3, $4, $5)
         on conflict (kind, id) do update set active = excluded.active, epoch = excluded.epoch, code = excluded.code, since = case when excluded.active then clock_timestamp() else b.since end, lifted_at = case when excluded.active then null else clock_timestamp() end where b.epoch <= excluded.epoch`,
        [change.kind, change.id, change.active, change.epoch, change.code],
      );
      return (await selectTasks(tx, `${IN_FLIGHT} ${TOUCHES[change.kind]} limit 1000`, [change.id])).map(
        (row) => row.record,
      );
    });
  }
}
