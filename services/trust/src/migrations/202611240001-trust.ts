import { commandLogTable, systemAccess, tenantTable, type Migration } from '@countersign/store';

/** Observations (append-only) and the level each agent stands at for each viewing organisation. `org_id` of an observation is the agent's organisation. */
export const trustTables: Migration = {
  name: '202611240001-trust',
  statements: [
    `create table trust.observation (org_id uuid not null, id uuid not null, agent_id uuid not null, observer_org uuid not null, at timestamptz not null, kind text not null, counterparty text not null, counterparty_level text, connection_id uuid, code text, value text,
      task_id uuid not null, attempt int not null, voided boolean not null default false, written_at timestamptz not null default clock_timestamp(), primary key (org_id, id))`,
    ...tenantTable('trust', 'observation', 'select, insert'),
    ...systemAccess('trust', 'observation', 'select'),
    'create index observation_agent on trust.observation (org_id, agent_id, at)',
    'create index observation_written on trust.observation (written_at)',
    `create function trust.forbid() returns trigger language plpgsql as $$ begin raise exception 'observations are append-only' using errcode = '42501'; end $$`,
    'create trigger append_only before update or delete or truncate on trust.observation for each statement execute function trust.forbid()',
    `create table trust.level_state (org_id uuid not null, agent_id uuid not null, level text not null, score int not null, changed_at timestamptz not null, primary key (org_id, agent_id))`,
    ...tenantTable('trust', 'level_state', 'select, insert, update'),
    ...systemAccess('trust', 'level_state', 'select'),
    ...commandLogTable('trust'),
  ],
};
