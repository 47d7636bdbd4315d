import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { Database } from '@countersign/store';
import { Metrics } from '@countersign/telemetry';
import { EvaluationBoard } from '../../application/evaluation-board.js';

/** Counts of more than this say no more than that there are too many. */
const MOST = 100_000;

/** What a scrape asks of the dispatcher: its memory, and what stands in the rows that all replicas share. */
@Injectable()
export class Gauges implements OnApplicationBootstrap {
  constructor(
    private readonly board: EvaluationBoard,
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    this.metrics.gauge('countersign_open_sagas', () => [{ value: this.board.size }]);
    this.metrics.gauge('countersign_oldest_open_saga_seconds', () => [
      { value: Math.max(0, this.clock.now() - (this.board.oldestAt() ?? this.clock.now())) / 1000 },
    ]);
    this.metrics.gauge('countersign_approvals_pending', () => this.#count(WAITING));
    this.metrics.gauge('countersign_unrecorded_transitions', () => this.#count('select from dispatcher.unrecorded'));
  }

  async #count(rows: string): Promise<readonly { readonly value: number }[]> {
    const [row] = await this.database.system((tx) =>
      tx.query<{ readonly count: bigint }>(`select count(*) as count from (${rows} limit ${MOST}) counted`),
    );
    return [{ value: Number(row?.count ?? 0n) }];
  }
}

/** A task that two organisations are asked about waits once. */
const WAITING =
  "select distinct client_org, agent_id, task_id from dispatcher.approval_request where status = 'PENDING'";
