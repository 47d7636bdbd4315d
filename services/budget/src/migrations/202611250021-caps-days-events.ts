import { systemAccess, tenantTable, type Migration } from '@countersign/store';

const tenant = (name: string, grants: string, system = 'select'): string[] => [
  ...tenantTable('budget', name, grants),
  ...systemAccess('budget', name, system),
];

/** Caps by the version that set them, resets, the day of a connection, corrections, a calendar of periods, events, and charges that wait for their hold. */
export const capsDaysEvents: Migration = {
  name: '202611250021-caps-days-events',
  statements: [
    `alter table budget.budget add column cap_version bigint, add column cap_micros bigint check (cap_micros >= 0), add column surface_version bigint, add column surface_micros bigint check (surface_micros >= 0),
      add column resets int not null default 0, add column told int not null default 0, add column day text, add column day_micros bigint not null default 0 check (day_micros >= 0)`,
    'alter table budget.reservation add column corrected_micros bigint not null default 0 check (corrected_micros >= 0), add column day text, add column asks_above_micros bigint',
    'alter table budget.ledger_entry add column reason text, add column command_id uuid',
    'create unique index ledger_entry_command on budget.ledger_entry (org_id, command_id) where command_id is not null',
    'create index ledger_entry_attempt on budget.ledger_entry (org_id, agent_id, task_id, attempt) where task_id is not null',
    `create table budget.calendar (org_id uuid not null, period text not null, zone text not null, starts_at timestamptz not null, ends_at timestamptz not null, primary key (org_id, period), check (starts_at < ends_at))`,
    ...tenant('calendar', 'select, insert'),
    `create table budget.event (org_id uuid not null, id bigint generated always as identity, kind text not null check (kind in ('BUDGET_THRESHOLD', 'BUDGET_OVERRUN')), severity text not null, scope_type text, scope_id uuid, period text not null,
      percent int, agent_id uuid, task_id uuid, attempt int, micros bigint not null, at timestamptz not null default clock_timestamp(), primary key (org_id, id))`,
    ...tenant('event', 'select, insert'),
    `create table budget.pending_settlement (org_id uuid not null, agent_id uuid not null, task_id uuid not null, attempt int not null, micros bigint not null check (micros >= 0), source text not null, at timestamptz not null default clock_timestamp(),
      primary key (org_id, agent_id, task_id, attempt))`,
    ...tenant('pending_settlement', 'select, insert, update, delete'),
  ],
};
