import { Injectable } from '@nestjs/common';
import type { BudgetScope, TaskKey } from '@countersign/contracts';
import { Database } from '@countersign/store';

/** A budget as it stands. */
export interface BudgetRow {
  readonly scope_type: BudgetScope['type'];
  readonly scope_id: string;
  readonly period: string;
  readonly limit_micros: bigint | null;
  readonly reserved_micros: bigint;
  readonly spent_micros: bigint;
}

/** One attempt's money as it stands. */
export interface HoldRow {
  readonly attempt: number;
  readonly amount_micros: bigint;
  readonly state: string;
  readonly settled_micros: bigint | null;
  readonly source: string | null;
}

const BALANCE = `
with held as (
  select r.org_id, s.scope ->> 'type' as scope_type, (s.scope ->> 'id')::uuid as scope_id, s.scope ->> 'period' as period,
    coalesce(sum(r.amount_micros) filter (where r.state = 'HELD'), 0) as reserved, coalesce(sum(r.settled_micros) filter (where r.state = 'SETTLED'), 0) as spent
  from budget.reservation r, jsonb_array_elements(r.scopes) as s(scope) where r.org_id = $1 group by 1, 2, 3, 4)
select b.scope_type, b.scope_id, b.period, b.reserved_micros, b.spent_micros, coalesce(h.reserved, 0)::text as held, coalesce(h.spent, 0)::text as settled
from budget.budget b left join held h using (org_id, scope_type, scope_id, period)
where b.org_id = $1 and (b.reserved_micros <> coalesce(h.reserved, 0) or b.spent_micros <> coalesce(h.spent, 0))`;

/** What people and checks read of budgets. */
@Injectable()
export class BudgetReports {
  constructor(private readonly database: Database) {}

  /** Budgets of an organisation, of one scope or all, newest period first. */
  async budgets(org: string, scope?: BudgetScope): Promise<readonly BudgetRow[]> {
    return this.database.tenant(org, (tx) =>
      tx.query<BudgetRow>(
        'select scope_type, scope_id, period, limit_micros, reserved_micros, spent_micros from budget.budget where org_id = $1 and ($2::text is null or (scope_type = $2 and scope_id = $3::uuid)) order by period desc, scope_type, scope_id limit 500',
        [org, scope?.type ?? null, scope?.id ?? null],
      ),
    );
  }

  /** Money of every attempt of a task. */
  async holds({ org, agent, task }: TaskKey): Promise<readonly HoldRow[]> {
    return this.database.tenant(org, (tx) =>
      tx.query<HoldRow>(
        'select attempt, amount_micros, state, settled_micros, source from budget.reservation where org_id = $1 and agent_id = $2 and task_id = $3 order by attempt',
        [org, agent, task],
      ),
    );
  }

  /** Budgets whose sums differ from their reservations; none means the ledger balances. */
  async differences(org: string): Promise<readonly string[]> {
    const rows = await this.database.tenant(org, (tx) =>
      tx.query<BudgetRow & { readonly held: string; readonly settled: string }>(BALANCE, [org]),
    );
    return rows.map(
      (row) =>
        `${row.scope_type} ${row.scope_id} ${row.period}: reserved ${row.reserved_micros} but ${row.held} is held, spent ${row.spent_micros} but ${row.settled} was settled`,
    );
  }
}
