import { commandLogTable, outboxTable, systemAccess, tenantTable, type Migration } from '@countersign/store';

/** Immutable versions of organisations' guardrail sets; the highest is in force. */
export const guardrailTables: Migration = {
  name: '202611240001-guardrails',
  statements: [
    'create table guardrails.guardrail_set (org_id uuid not null, version bigint not null, guardrails jsonb not null, actor text not null, at timestamptz not null default clock_timestamp(), primary key (org_id, version))',
    ...tenantTable('guardrails', 'guardrail_set', 'select, insert'),
    ...systemAccess('guardrails', 'guardrail_set', 'select'),
    ...outboxTable('guardrails'),
    ...commandLogTable('guardrails'),
  ],
};
