import { commandLogTable, systemAccess, tenantTable, type Migration } from '@countersign/store';

const FORBID = `create function audit.forbid() returns trigger language plpgsql as $$ begin raise exception 'the record is append-only' using errcode = '42501'; end $$`;

/** The definer of append() is the owner, who is bound by row-level security too. */
const ownerPolicy = (table: string): string =>
  `create policy append on audit.${table} for all to audit_owner using (org_id = any ((select current_setting('app.org_ids')::uuid[])::uuid[])) with check (org_id = any ((select current_setting('app.org_ids')::uuid[])::uuid[]))`;

const APPEND = `
create function audit.append(p_org uuid, p_size bigint, p_last bytea, p_entries jsonb, p_headers bytea[], p_leaves bytea[]) returns void language plpgsql security definer set search_path = audit, pg_temp as $$
declare n int := cardinality(p_leaves);
begin
  if n = 0 or n <> cardinality(p_headers) or n <> jsonb_array_length(p_entries) then raise exception 'entries, headers and leaves differ in number' using errcode = '23514'; end if;
  insert into audit.head (org_id, size, last_hash) values (p_org, 0, p_last) on conflict do nothing;
  -- a stale writer loses here: two replicas can never give one position twice
  update audit.head set size = p_size + n, last_hash = p_leaves[n] where org_id = p_org and size = p_size and last_hash = p_last;
  if not found then raise exception 'the head of the chain has moved' using errcode = '40001'; end if;
  insert into audit.entry (org_id, position, leaf, header, event_id, type, agent_id, task_id, attempt, round, digest, at)
    select p_org, p_size + i - 1, p_leaves[i], p_headers[i], (e ->> 'eventId')::uuid, e ->> 'type', (e ->> 'agent')::uuid, (e ->> 'task')::uuid, (e ->> 'attempt')::int, (e ->> 'round')::int, e ->> 'digest', (e ->> 'at')::timestamptz
    from jsonb_array_elements(p_entries) with ordinality as t(e, i);
end $$`;

/** Heads and entries of the organisations' chains. Nobody of the running system can write but by append(), and nobody can change or delete. */
export const auditTables: Migration = {
  name: '202611240001-audit',
  statements: [
    'create table audit.head (org_id uuid primary key, size bigint not null, last_hash bytea not null check (length(last_hash) = 32))',
    ...tenantTable('audit', 'head', 'select'),
    ...systemAccess('audit', 'head', 'select'),
    ownerPolicy('head'),
    `create table audit.entry (
      org_id uuid not null, position bigint not null, leaf bytea not null, header bytea not null check (leaf = sha256('\\x00'::bytea || header)), event_id uuid not null, type text not null, agent_id uuid not null, task_id uuid not null,
      attempt int not null, round int not null, digest text, at timestamptz not null, written_at timestamptz not null default clock_timestamp(), primary key (org_id, position), unique (org_id, event_id))`,
    ...tenantTable('audit', 'entry', 'select'),
    ...systemAccess('audit', 'entry', 'select'),
    ownerPolicy('entry'),
    'create index entry_task on audit.entry (org_id, agent_id, task_id)',
    "create index entry_submitted on audit.entry (org_id, at) where type = 'submitted'",
    FORBID,
    'create trigger append_only before update or delete or truncate on audit.entry for each statement execute function audit.forbid()',
    'create trigger no_delete before delete or truncate on audit.head for each statement execute function audit.forbid()',
    APPEND,
    'revoke all on function audit.append from public',
    'grant execute on function audit.append to audit_app',
    ...commandLogTable('audit'),
  ],
};
