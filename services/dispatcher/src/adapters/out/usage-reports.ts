import { Injectable } from '@nestjs/common';
import type { UsageReport } from '@countersign/contracts';
import { Database, uuidArray, type Tx } from '@countersign/store';
import type { TaskState } from '@countersign/contracts';
import type { TaskRecord } from '../../domain/model.js';
import { costTold, type Cost } from '../../domain/late-costs.js';
import type { RowEvent } from '../../domain/row-events.js';
import type { Addressed } from '../../application/ports.js';
import { lockRows } from './task-rows.js';

/** So many calls of models may be reported one by one under one grant; who makes more adds them up. */
export const MAX_REPORTED = 300;

/** What became of a report: it counts, the task is not running (its state), or too much was reported already. */
export type Reporting = { readonly taken: true } | { readonly taken: false; readonly state?: TaskState };

const RUNNING: readonly TaskState[] = ['DISPATCHED', 'CANCELLING'];

interface ReportRow {
  readonly grant_id: string;
  readonly usage: Cost['usage'];
  readonly tools: Cost['tools'];
}

/** What targets report of running tasks, until their results are charged. */
@Injectable()
export class UsageReports {
  constructor(private readonly database: Database) {}

  /** Keeps a report while the task is running, under the lock that its result takes: what was answered as taken is charged. The same report again is the same. */
  async take(record: TaskRecord, grant: string, { report, usage, tools }: UsageReport): Promise<Reporting> {
    const { org } = record.key;
    return this.database.tenant(org, async (tx) => {
      const [locked] = (await lockRows(tx, [record])).values();
      const state = locked?.record.state ?? record.state;
      if (!RUNNING.includes(state)) return { taken: false, state };
      const rows = await tx.query(
        `with taken as (insert into dispatcher.usage_report (org_id, grant_id, report_id, usage, tools)
         select $1, $2, $3, $4::json, $5::json where (select coalesce(sum(json_array_length(u.usage)), 0) from dispatcher.usage_report u where u.org_id = $1 and u.grant_id = $2 and u.report_id <> $3) + $6 <= $7
         on conflict do nothing returning 1 as one)
         select one from taken union all select 1 from dispatcher.usage_report u where u.org_id = $1 and u.grant_id = $2 and u.report_id = $3`,
        [org, grant, report, JSON.stringify(usage), JSON.stringify(tools), usage.length, MAX_REPORTED],
      );
      return rows.length > 0 ? { taken: true } : { taken: false };
    });
  }
}

/** What was reported under the grants of these rows, by grant, in the order of arrival. */
export async function readReports(tx: Tx, records: readonly TaskRecord[]): Promise<ReadonlyMap<string, Cost>> {
  const granted = records.flatMap(({ key, grantId }) => (grantId === undefined ? [] : [{ org: key.org, grantId }]));
  if (granted.length === 0) return new Map();
  const rows = await tx.query<ReportRow>(
    'select u.grant_id, u.usage, u.tools from unnest($1::uuid[], $2::uuid[]) as w(org_id, grant_id) join dispatcher.usage_report u using (org_id, grant_id) order by u.at, u.report_id',
    [uuidArray(granted.map(({ org }) => org)), uuidArray(granted.map(({ grantId }) => grantId))],
  );
  const found = new Map<string, Cost>();
  for (const { grant_id, usage, tools } of rows) {
    const before = found.get(grant_id);
    found.set(grant_id, { usage: [...(before?.usage ?? []), ...usage], tools: [...(before?.tools ?? []), ...tools] });
  }
  return found;
}

/** Whether an event says what its task has cost. */
export function tellsCost({ event }: Addressed): boolean {
  return event.type === 'result' || event.type === 'lateUsage';
}

/** An event that tells a cost tells the whole cost, and what it comes to. */
export function withCost(row: TaskRecord, { event, charge }: Addressed, reported: ReadonlyMap<string, Cost>): RowEvent {
  if (event.type !== 'result' && event.type !== 'lateUsage') return event;
  const cost = costTold(row, reported.get(row.grantId ?? '') ?? { usage: [], tools: [] }, event);
  return { ...event, ...cost, chargedMicros: charge?.(row, cost) };
}
