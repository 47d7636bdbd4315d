import { commandLogTable, outboxTable, systemAccess, tenantTable, type Migration } from '@countersign/store';

const table = (name: string, grants: string, columns: string): string[] => [
  `create table registry.${name} (${columns})`,
  ...tenantTable('registry', name, grants),
  ...systemAccess('registry', name, grants),
];

/** Organisations, agents, credentials, connections, shares, kill switches, and blocks that the dispatcher has not confirmed yet. */
export const registryTables: Migration = {
  name: '202611240001-registry',
  statements: [
    ...table(
      'organization',
      'select, insert, update',
      `
      org_id uuid primary key, name text not null, status text not null check (status in ('ACTIVE', 'SUSPENDED', 'CLOSING', 'CLOSED')), kill_switch boolean not null default false,
      currency text not null check (currency ~ '^[A-Z]{3}$'), zone text not null, epoch bigint not null default 0, version bigint not null default 1, updated_at timestamptz not null default clock_timestamp()`,
    ),
    // the name of an organisation is unique in the installation; only the operator, who knows all of them, creates one
    'create unique index organization_name on registry.organization (name)',
    ...table(
      'agent',
      'select, insert, update',
      `
      org_id uuid not null references registry.organization, agent_id uuid not null, name text not null, status text not null check (status in ('PENDING', 'ACTIVE', 'SUSPENDED', 'REVOKED', 'DECOMMISSIONED')),
      epoch bigint not null default 1, communication boolean not null default true, may_originate boolean not null, surface jsonb not null, owner text not null, registration text not null,
      registered_at timestamptz not null default clock_timestamp(), version bigint not null default 1, updated_at timestamptz not null default clock_timestamp(), primary key (org_id, agent_id), unique (org_id, name)`,
    ),
    ...table(
      'credential',
      'select, insert, update',
      `
      org_id uuid not null, agent_id uuid not null, client_id text not null unique, secret_hash bytea not null check (length(secret_hash) = 32), kind text not null default 'SECRET_JWT',
      state text not null check (state in ('ACTIVE', 'REVOKED')), created_at timestamptz not null default clock_timestamp(), expires_at timestamptz not null, last_used_at timestamptz,
      primary key (org_id, agent_id, client_id), foreign key (org_id, agent_id) references registry.agent`,
    ),
    ...table(
      'connection',
      'select, insert, update',
      `
      org_id uuid not null, connection_id uuid not null, client_agent uuid not null, target_org uuid not null, target_agent uuid not null,
      status text not null check (status in ('PENDING_CONSENT', 'ACTIVE', 'SUSPENDED', 'DISCONNECTED')), reason text, epoch bigint not null default 1, share_id uuid, sandbox boolean not null, expires_at timestamptz,
      version bigint not null default 1, created_at timestamptz not null default clock_timestamp(), updated_at timestamptz not null default clock_timestamp(),
      primary key (org_id, connection_id), foreign key (org_id, client_agent) references registry.agent (org_id, agent_id)`,
    ),
    "create unique index connection_pair on registry.connection (org_id, client_agent, target_agent) where status <> 'DISCONNECTED'",
    ...table(
      'agent_share',
      'select, insert, update',
      `
      org_id uuid not null, share_id uuid not null, agent_id uuid not null, grantee_org uuid not null, status text not null check (status in ('OFFERED', 'ACTIVE', 'REVOKED', 'EXPIRED')),
      task_types jsonb, epoch bigint not null default 1, expires_at timestamptz, version bigint not null default 1, updated_at timestamptz not null default clock_timestamp(),
      primary key (org_id, share_id), foreign key (org_id, agent_id) references registry.agent`,
    ),
    'create table registry.installation (only_row boolean primary key default true check (only_row), kill_switch boolean not null default false, epoch bigint not null default 0, version bigint not null default 1, updated_at timestamptz not null default clock_timestamp())',
    'insert into registry.installation default values',
    'grant select, update on registry.installation to registry_app, registry_system',
    // a block names an organisation in its body only: the relay that repeats it works for all of them
    `create table registry.pending_block (id uuid primary key, body jsonb not null, created timestamptz not null default clock_timestamp())`,
    'grant select, insert, delete on registry.pending_block to registry_app, registry_system',
    ...outboxTable('registry'),
    ...commandLogTable('registry'),
  ],
};
