import { systemAccess, tenantTable, type Migration } from '@countersign/store';

const APPEND_ONLY = 'select, insert';
const KEPT = 'select, insert, update';

function followed(table: string, grants: string, columns: string): readonly string[] {
  return [
    `create table trust.${table} (${columns}, written_at timestamptz not null default clock_timestamp())`,
    ...tenantTable('trust', table, grants),
    ...systemAccess('trust', table, 'select'),
    `create index ${table}_written on trust.${table} (written_at)`,
  ];
}

function appendOnly(table: string): string {
  return `create trigger append_only before update or delete or truncate on trust.${table} for each statement execute function trust.forbid()`;
}

/** What agents are beside what they did: posture, restrictions, use of grants, lineage; voids of observations; snapshots of scores; and what one task's end has to know of its course. */
export const trustEvidence: Migration = {
  name: '202611250101-trust-evidence',
  statements: [
    // the audit event that an observation came from
    'alter table trust.observation add column event_id uuid',
    ...followed(
      'observation_void',
      APPEND_ONLY,
      'org_id uuid not null, observation_id uuid not null, agent_id uuid not null, reason text not null, actor text not null, primary key (org_id, observation_id)',
    ),
    appendOnly('observation_void'),
    ...followed(
      'posture',
      APPEND_ONLY,
      'org_id uuid not null, agent_id uuid not null, fact text not null, id uuid not null, value jsonb not null, source text not null, observed_at timestamptz not null, expires_at timestamptz, actor text not null, primary key (org_id, agent_id, fact, id)',
    ),
    appendOnly('posture'),
    ...followed(
      'restriction',
      APPEND_ONLY,
      `org_id uuid not null, agent_id uuid not null, kind text not null check (kind in ('CEILING', 'PROBATION')), id uuid not null, score int check (score between 0 and 10000), until timestamptz, reason text not null, actor text not null, primary key (org_id, agent_id, kind, id)`,
    ),
    appendOnly('restriction'),
    ...followed(
      'grant_use',
      KEPT,
      'org_id uuid not null, agent_id uuid not null, kind text not null, entry text not null, last_used_at timestamptz not null, primary key (org_id, agent_id, kind, entry)',
    ),
    ...followed(
      'lineage',
      KEPT,
      'org_id uuid not null, key_type text not null, key_hash text not null, agent_id uuid not null, negative_mass double precision not null, as_of timestamptz not null, ended_at timestamptz not null, primary key (org_id, key_type, key_hash, agent_id)',
    ),
    ...followed(
      'snapshot',
      APPEND_ONLY,
      'org_id uuid not null, agent_org uuid not null, agent_id uuid not null, at timestamptz not null, score int not null, raw int not null, level text not null, families jsonb not null, masses jsonb not null, caps jsonb not null, binding text[] not null, algorithm text not null, trigger text not null, primary key (org_id, agent_id, at)',
    ),
    appendOnly('snapshot'),
    // levels are followed by every replica, not only read at start
    'alter table trust.level_state add column written_at timestamptz not null default clock_timestamp()',
    'create index level_state_written on trust.level_state (written_at)',
    'create table trust.hand_over (org_id uuid not null, agent_id uuid not null, task_id uuid not null, attempt int not null, at timestamptz not null, primary key (org_id, agent_id, task_id, attempt))',
    ...tenantTable('trust', 'hand_over', 'select, insert, delete'),
    'create table trust.rejection (org_id uuid not null, agent_id uuid not null, task_id uuid not null, attempt int not null, unsafe boolean not null, draft jsonb, primary key (org_id, agent_id, task_id, attempt))',
    ...tenantTable('trust', 'rejection', KEPT),
  ],
};
