import { Injectable } from '@nestjs/common';
import { formatInstant } from '@countersign/primitives';
import {
  budgetEventSchema,
  type BudgetEventRecord,
  type BudgetScope,
  type BudgetState,
  type TaskKey,
} from '@countersign/contracts';
import { Database, planFreely } from '@countersign/store';
import { BALANCE_CHECKS } from './balance.js';
import type { BudgetRow } from './budget-row.js';

/** One attempt's money as it stands. */
export interface HoldRow {
  readonly attempt: number;
  readonly amount_micros: bigint;
  readonly state: string;
  readonly settled_micros: bigint | null;
  readonly corrected_micros: bigint;
  readonly source: string | null;
  readonly price_book_version: bigint | null;
  readonly period: string | null;
}

interface EventRow {
  readonly id: bigint;
  readonly at: Date;
  readonly kind: string;
  readonly severity: string;
  readonly period: string;
  readonly scope_type: string | null;
  readonly scope_id: string | null;
  readonly percent: number | null;
  readonly agent_id: string | null;
  readonly task_id: string | null;
  readonly attempt: number | null;
  readonly micros: bigint;
}

/** What people and checks read of budgets. */
@Injectable()
export class BudgetReports {
  constructor(private readonly database: Database) {}

  /** Budgets of an organisation, of one scope or all, newest period first. */
  async budgets(org: string, scope?: BudgetScope): Promise<readonly BudgetRow[]> {
    return this.database.tenant(org, (tx) =>
      tx.query<BudgetRow>(
        'select scope_type, scope_id, period, limit_micros, topup_micros, reserved_micros, spent_micros, reset_base_micros from budget.budget where org_id = $1 and ($2::text is null or (scope_type = $2 and scope_id = $3::uuid)) order by period desc, scope_type, scope_id limit 500',
        [org, scope?.type ?? null, scope?.id ?? null],
      ),
    );
  }

  /** Money of every attempt of a task. */
  async holds({ org, agent, task }: TaskKey): Promise<readonly HoldRow[]> {
    return this.database.tenant(org, (tx) =>
      tx.query<HoldRow>(
        "select attempt, amount_micros, state, settled_micros, corrected_micros, source, price_book_version, scopes -> 0 ->> 'period' as period from budget.reservation where org_id = $1 and agent_id = $2 and task_id = $3 order by attempt",
        [org, agent, task],
      ),
    );
  }

  /** Events of an organisation after one, oldest first; the newest ones where none is named. */
  async events(org: string, limit: number, after?: number): Promise<readonly BudgetEventRecord[]> {
    const rows = await this.database.tenant(org, (tx) =>
      tx.query<EventRow>(
        after === undefined
          ? 'select * from (select * from budget.event where org_id = $1 order by id desc limit $2) newest order by id'
          : 'select * from budget.event where org_id = $1 and id > $3 order by id limit $2',
        after === undefined ? [org, limit] : [org, limit, after],
      ),
    );
    return rows.map(eventOf);
  }

  /** Everything in which the books of an organisation differ: budgets, reservations and ledger; none means that they balance. */
  async differences(org: string): Promise<readonly string[]> {
    return this.database.tenant(org, async (tx) => {
      await planFreely(tx);
      const found: string[] = [];
      for (const check of BALANCE_CHECKS) {
        const rows = await tx.query<{ readonly difference: string }>(check, [org]);
        found.push(...rows.map((row) => row.difference));
      }
      return found;
    });
  }
}

/** A budget as commands tell it. */
export function budgetStateOf(row: BudgetRow): BudgetState {
  return {
    scope: { type: row.scope_type, id: row.scope_id },
    period: row.period,
    limitMicros: row.limit_micros?.toString() ?? null,
    topupMicros: row.topup_micros.toString(),
    reservedMicros: row.reserved_micros.toString(),
    spentMicros: row.spent_micros.toString(),
    resetBaseMicros: row.reset_base_micros.toString(),
  };
}

function eventOf(row: EventRow): BudgetEventRecord {
  return budgetEventSchema.parse({
    id: Number(row.id),
    at: formatInstant(row.at.getTime()),
    kind: row.kind,
    severity: row.severity,
    period: row.period,
    scope: row.scope_type === null ? undefined : { type: row.scope_type, id: row.scope_id },
    percent: row.percent ?? undefined,
    agent: row.agent_id ?? undefined,
    task: row.task_id ?? undefined,
    attempt: row.attempt ?? undefined,
    micros: row.micros.toString(),
  });
}
