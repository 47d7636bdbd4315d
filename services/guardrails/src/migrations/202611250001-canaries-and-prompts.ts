import { systemAccess, tenantTable, type Migration } from '@countersign/store';

/** Canaries by their hashes, and fingerprints of system prompts: neither can be turned back into what it was made from. */
export const canaryAndPromptTables: Migration = {
  name: '202611250001-canaries-and-prompts',
  statements: [
    `create table guardrails.canary (org_id uuid not null, hash text not null check (hash ~ '^[0-9a-f]{64}$'), agent_id uuid not null, actor text not null, at timestamptz not null default clock_timestamp(), primary key (org_id, hash))`,
    ...tenantTable('guardrails', 'canary', 'select, insert'),
    // a canary is looked for in every organisation's traffic, so whether a hash is one is asked without a tenant
    ...systemAccess('guardrails', 'canary', 'select'),
    'create index canary_hash on guardrails.canary (hash)',
    `create table guardrails.prompt (org_id uuid not null, agent_id uuid not null, shingles text[] not null, actor text not null, at timestamptz not null default clock_timestamp(), primary key (org_id, agent_id))`,
    ...tenantTable('guardrails', 'prompt', 'select, insert, update'),
  ],
};
