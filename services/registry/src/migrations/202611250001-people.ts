import { systemAccess, tenantTable, type Migration } from '@countersign/store';

/** People with keys of their own; who registered an agent; how many people have to approve on a connection. */
export const peopleTables: Migration = {
  name: '202611250001-people',
  statements: [
    `create table registry.operator (org_id uuid not null references registry.organization, operator_id uuid not null, name text not null, roles jsonb not null, kid text not null unique, public_key text not null,
      status text not null check (status in ('ACTIVE', 'DISABLED')), for_cause boolean not null default false, version bigint not null default 1, created_at timestamptz not null default clock_timestamp(), updated_at timestamptz not null default clock_timestamp(),
      primary key (org_id, operator_id), unique (org_id, name))`,
    ...tenantTable('registry', 'operator', 'select, insert, update'),
    ...systemAccess('registry', 'operator', 'select, insert, update'),
    // whoever could register an agent before was the installation's operator
    `alter table registry.agent add column registered_by text not null default 'operator:local'`,
    'alter table registry.agent alter column registered_by drop default',
    'alter table registry.connection add column required_approvals int not null default 1 check (required_approvals in (1, 2))',
  ],
};
