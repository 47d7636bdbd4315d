import { systemAccess, tenantTable, type Migration } from '@countersign/store';

/**
 * Numbered logs of admissions, one a rule, and the tokens that attempts took. The clock of admissions has a name, so that a test can set it; nothing else may
 * read a clock here.
 */
export const rateTables: Migration = {
  name: '202611250001-rates',
  statements: [
    `create table policy.rate_state (org_id uuid not null, scope_kind text not null check (scope_kind in ('connection', 'agent', 'org', 'inbound')), scope_id uuid not null, rule text not null, seq bigint not null default 0,
      last_at timestamptz not null default 'epoch', primary key (org_id, scope_kind, scope_id, rule)) with (fillfactor = 40)`,
    ...tenantTable('policy', 'rate_state', 'select, insert, update'),
    `create table policy.rate_slot (org_id uuid not null, scope_kind text not null, scope_id uuid not null, rule text not null, n bigint not null, at timestamptz not null, primary key (org_id, scope_kind, scope_id, rule, n))`,
    ...tenantTable('policy', 'rate_slot', 'select, insert, delete'),
    `create table policy.rate_token (org_id uuid not null, agent_id uuid not null, task_id uuid not null, attempt int not null, at timestamptz not null, primary key (org_id, agent_id, task_id, attempt))`,
    ...tenantTable('policy', 'rate_token', 'select, insert'),
    ...systemAccess('policy', 'rate_token', 'select, delete'),
    'create index rate_token_age on policy.rate_token (at)',
    'create function policy.rate_clock() returns timestamptz language sql volatile as $$ select clock_timestamp() $$',
  ],
};
