import { commandLogTable, outboxTable, systemAccess, tenantTable, type Migration } from '@countersign/store';

/** Immutable versions of policies; the highest version of a scope is in force. */
export const policyTables: Migration = {
  name: '202611240001-policy',
  statements: [
    `create table policy.document (org_id uuid not null, kind text not null check (kind in ('org', 'agent', 'connection')), scope_id uuid not null, version bigint not null, document jsonb not null, actor text not null,
      at timestamptz not null default clock_timestamp(), primary key (org_id, kind, scope_id, version))`,
    ...tenantTable('policy', 'document', 'select, insert'),
    ...systemAccess('policy', 'document', 'select'),
    `create function policy.forbid() returns trigger language plpgsql as $$ begin raise exception 'a version of a policy never changes' using errcode = '42501'; end $$`,
    'create trigger immutable before update or delete or truncate on policy.document for each statement execute function policy.forbid()',
    ...outboxTable('policy'),
    ...commandLogTable('policy'),
  ],
};
