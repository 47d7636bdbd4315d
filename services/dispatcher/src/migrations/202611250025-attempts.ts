import { systemAccess, tenantTable, type Migration } from '@countersign/store';

/** Results that screening changed, and what targets report of running tasks. */
export const attemptsTables: Migration = {
  name: '202611250025-attempts',
  statements: [
    'alter table dispatcher.body drop constraint body_side_check',
    `alter table dispatcher.body add constraint body_side_check check (side in ('in', 'out', 'delivered'))`,
    `create index task_intake_limited on dispatcher.task (accepted_at) where code = 'INTAKE_LIMITED'`,
    // one report stands once, however often it is sent
    `create table dispatcher.usage_report (org_id uuid not null, grant_id uuid not null, report_id uuid not null, usage json not null, tools json not null, at timestamptz not null default clock_timestamp(),
      primary key (org_id, grant_id, report_id))`,
    ...tenantTable('dispatcher', 'usage_report', 'select, insert, delete'),
    ...systemAccess('dispatcher', 'usage_report', 'select, insert, delete'),
    'create index usage_report_at on dispatcher.usage_report (at)',
  ],
};
