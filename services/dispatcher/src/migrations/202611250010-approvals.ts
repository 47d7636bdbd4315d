import { systemAccess, tenantTable, type Migration } from '@countersign/store';

const request = 'org_id, client_org, agent_id, task_id, attempt, round, stage';
const columns =
  "org_id uuid not null, client_org uuid not null, agent_id uuid not null, task_id uuid not null, attempt int not null, round int not null, stage text not null check (stage in ('PRE_RELEASE', 'OUTPUT'))";

/** What organisations are asked to approve, what their people decided, and who tried to and may not. `org_id` is the organisation that is asked. */
export const approvalTables: Migration = {
  name: '202611250010-approvals',
  statements: [
    `create table dispatcher.approval_request (${columns}, status text not null check (status in ('PENDING', 'APPROVED', 'REJECTED', 'EXPIRED', 'CANCELLED', 'INVALIDATED', 'USED')),
      required int not null check (required in (1, 2)), severity text not null, reasons json not null, authors json, target_org uuid not null, target_agent uuid not null, action json not null, action_digest text not null,
      requested_at timestamptz not null, expires_at timestamptz not null, updated_at timestamptz not null default clock_timestamp(), primary key (${request}))`,
    ...tenantTable('dispatcher', 'approval_request', 'select, insert, update'),
    ...systemAccess('dispatcher', 'approval_request', 'select'),
    "create index approval_waiting on dispatcher.approval_request (org_id, requested_at) where status = 'PENDING'",
    `create table dispatcher.approval_decision (${columns}, person uuid not null, decision text not null check (decision in ('APPROVE', 'REJECT')), unsafe boolean not null, comment text, auth_context json not null, at timestamptz not null,
      primary key (${request}, person), foreign key (${request}) references dispatcher.approval_request)`,
    ...tenantTable('dispatcher', 'approval_decision', 'select, insert'),
    ...systemAccess('dispatcher', 'approval_decision', 'select'),
    'create index approval_decision_of on dispatcher.approval_decision (org_id, person, at)',
    `create table dispatcher.approval_blocked (org_id uuid not null, client_org uuid not null, agent_id uuid not null, task_id uuid not null, attempt int not null, round int not null, actor text not null, why text not null, at timestamptz not null default clock_timestamp(),
      primary key (org_id, client_org, agent_id, task_id, attempt, round, actor, why))`,
    ...tenantTable('dispatcher', 'approval_blocked', 'select, insert'),
    ...systemAccess('dispatcher', 'approval_blocked', 'select'),
  ],
};
