import { commandLogTable, systemAccess, tenantTable, type Migration } from '@countersign/store';

const tenant = (name: string, grants: string): string[] => [
  ...tenantTable('dispatcher', name, grants),
  ...systemAccess('dispatcher', name, grants),
];

/** Tasks from their decision on, transitions that audit has not recorded yet, sealed bodies, blocks, and where the log was read to. */
export const dispatcherTables: Migration = {
  name: '202611240001-dispatcher',
  statements: [
    `create table dispatcher.task (org_id uuid not null, agent_id uuid not null, task_id uuid not null, attempt int not null, round int not null, state text not null, claim text not null check (claim in ('NONE', 'CLAIMED', 'UNDELIVERED', 'WITHDRAWN')),
      target_agent uuid, connection_id uuid, grant_id uuid unique, code text, record json not null, timer_at timestamptz, ended_at timestamptz, answered_at timestamptz, place json, accepted_at timestamptz not null, created_at timestamptz not null default clock_timestamp(), updated_at timestamptz not null default clock_timestamp(),
      primary key (org_id, agent_id, task_id, attempt)) with (fillfactor = 70)`,
    ...tenant('task', 'select, insert, update'),
    'create index task_timer on dispatcher.task (timer_at) where timer_at is not null',
    'create index task_unanswered on dispatcher.task (ended_at) where ended_at is not null and answered_at is null',
    'create index task_recent on dispatcher.task (org_id, accepted_at desc)',
    "create index task_in_flight on dispatcher.task (state) where state in ('DISPATCHED', 'SCREENING', 'AWAITING_OUTPUT_APPROVAL')",
    // a transition stands here from the commit that made it until audit has recorded it; whatever stays is published again
    `create table dispatcher.unrecorded (org_id uuid not null, agent_id uuid not null, task_id uuid not null, attempt int not null, round int not null, kind text not null, position bigint generated always as identity, item json not null, at timestamptz not null default clock_timestamp(),
      primary key (org_id, agent_id, task_id, attempt, round, kind))`,
    ...tenant('unrecorded', 'select, insert, update, delete'),
    'create index unrecorded_at on dispatcher.unrecorded (at)',
    `create table dispatcher.body (org_id uuid not null, agent_id uuid not null, task_id uuid not null, attempt int not null, side text not null check (side in ('in', 'out')), sealed bytea not null, at timestamptz not null default clock_timestamp(), primary key (org_id, agent_id, task_id, attempt, side))`,
    ...tenant('body', 'select, insert, delete'),
    'create index body_at on dispatcher.body (at)',
    // a block of the installation belongs to no organisation; a lifted one stays and keeps its epoch
    `create table dispatcher.block (kind text not null check (kind in ('AGENT', 'CONNECTION', 'SHARE', 'KILL_SWITCH')), id text not null, active boolean not null, epoch bigint not null, code text not null, since timestamptz not null default clock_timestamp(), lifted_at timestamptz, primary key (kind, id))`,
    'grant select, insert, update on dispatcher.block to dispatcher_app, dispatcher_system',
    'create table dispatcher.checkpoint (stream text primary key, created text not null, seq bigint not null, at timestamptz not null default clock_timestamp())',
    'grant select, insert, update on dispatcher.checkpoint to dispatcher_app',
    ...commandLogTable('dispatcher'),
  ],
};
