import { systemAccess, tenantTable, type Migration } from '@countersign/store';

const MINE = `org_id = any ((select current_setting('app.org_ids')::uuid[])::uuid[])`;

/** What runs with the owner's rights is bound to the organisations of its transaction, unless it is a function that says it looks across all of them. */
const ownerPolicies = (table: string): string[] => [
  `create policy owner on audit.${table} for all to audit_owner using (${MINE}) with check (${MINE})`,
  across(table),
];
const across = (table: string): string =>
  `create policy across on audit.${table} for select to audit_owner using (case when current_setting('app.across', true) = 'on' then true else ${MINE} end)`;

const FORBIDDEN = 'for each statement execute function audit.forbid()';
const DEFINER = `language plpgsql security definer set search_path = audit, pg_temp`;
const END_OF_MONTH = `make_timestamptz(p_epoch / 100, p_epoch % 100, 1, 0, 0, 0, 'UTC') + interval '1 month'`;

/** Only erasing changes a key: the wrapped key goes, for ever. */
const ONLY_ERASE = `create function audit.only_erase() returns trigger language plpgsql as $$ begin
  if new.wrapped is null and old.wrapped is not null and new.org_id = old.org_id and new.epoch = old.epoch and new.made_at = old.made_at then return new; end if;
  raise exception 'a key of payloads is made once and erased once' using errcode = '42501';
end $$`;

/** Headers, leaves and payloads come one behind another in three values with the lengths beside them: an array of so many bytes would be sent as text, twice as long. */
const APPEND = `
create function audit.append(p_org uuid, p_size bigint, p_last bytea, p_entries jsonb, p_headers bytea, p_leaves bytea, p_payloads jsonb, p_sealed bytea) returns void ${DEFINER} as $$
declare n int := jsonb_array_length(p_entries);
begin
  if n = 0 or length(p_leaves) <> n * 32 then raise exception 'entries and leaves differ in number' using errcode = '22023'; end if;
  insert into audit.head (org_id, size, last_hash) values (p_org, 0, p_last) on conflict do nothing;
  -- a stale writer loses here: two replicas can never give one position twice
  update audit.head set size = p_size + n, last_hash = substring(p_leaves from n * 32 - 31) where org_id = p_org and size = p_size and last_hash = p_last;
  if not found then raise exception 'the head of the chain has moved' using errcode = '40001'; end if;
  insert into audit.entry (org_id, position, leaf, header, event_id, type, agent_id, task_id, attempt, round, digest, at)
    select p_org, p_size + i - 1, substring(p_leaves from i::int * 32 - 31 for 32), substring(p_headers from (e ->> 'from')::int for (e ->> 'length')::int),
      (e ->> 'eventId')::uuid, e ->> 'type', (e ->> 'agent')::uuid, (e ->> 'task')::uuid, (e ->> 'attempt')::int, (e ->> 'round')::int, e ->> 'digest', (e ->> 'at')::timestamptz
    from jsonb_array_elements(p_entries) with ordinality as t(e, i);
  if jsonb_array_length(p_payloads) = 0 then return; end if;
  -- sealed with a key that was erased meanwhile: whoever did looks again
  if exists (select 1 from audit.payload_key k where k.org_id = p_org and k.wrapped is null and k.epoch in (select (p ->> 'epoch')::int from jsonb_array_elements(p_payloads) p)) then
    raise exception 'the key of the payloads was erased' using errcode = 'AU001';
  end if;
  insert into audit.payload (org_id, epoch, position, kind, sealed)
    select p_org, (p ->> 'epoch')::int, p_size + (p ->> 'index')::int, p ->> 'kind', substring(p_sealed from (p ->> 'from')::int for (p ->> 'length')::int)
    from jsonb_array_elements(p_payloads) p where (p ->> 'index')::int between 0 and n - 1;
end $$`;

/** Statement triggers of a partitioned table do not fire for its partitions: every one gets its own when it is made. */
const OPEN_EPOCH = `
create function audit.open_epoch(p_epoch int) returns void ${DEFINER} as $$
declare t text := format('payload_%s', p_epoch);
begin
  if p_epoch not between 197001 and 999912 or p_epoch % 100 not between 1 and 12 then raise exception 'not a month' using errcode = '23514'; end if;
  if to_regclass(format('audit.%I', t)) is not null then return; end if;
  perform pg_advisory_xact_lock(hashtextextended('audit payload partitions', 0));
  if to_regclass(format('audit.%I', t)) is not null then return; end if;
  execute format('create table audit.%I partition of audit.payload for values in (%s)', t, p_epoch);
  execute format('alter table audit.%I enable row level security', t);
  execute format('alter table audit.%I force row level security', t);
  execute format('create trigger append_only before update or delete or truncate on audit.%I ${FORBIDDEN}', t);
end $$`;

const PRUNE = `
create function audit.prune_payload(p_epoch int) returns bigint ${DEFINER} as $$
declare n bigint; t text := format('payload_%s', p_epoch); mine text := coalesce(current_setting('app.org_ids', true), '');
begin
  perform set_config('app.org_ids', '{}', true), set_config('app.across', 'on', true);
  if ${END_OF_MONTH} + interval '30 days' > clock_timestamp() then raise exception 'payloads of % are kept for 30 days at least', p_epoch using errcode = '42501'; end if;
  if to_regclass(format('audit.%I', t)) is null then return 0; end if;
  lock table audit.payload in access exclusive mode;
  if exists (select 1 from audit.payload p where p.epoch = p_epoch group by p.org_id having not exists (
    select 1 from audit.entry e, lateral (select convert_from(e.header, 'UTF8')::jsonb as h) header
    where e.org_id = p.org_id and e.type = 'pruned' and (replace(h ->> 'epoch', '-', ''))::int = p_epoch and (h ->> 'lastSeq')::bigint >= max(p.position))) then
    raise exception 'payloads of % are dropped only after every chain says so', p_epoch using errcode = '42501';
  end if;
  select count(*) into n from audit.payload p where p.epoch = p_epoch;
  execute format('drop table audit.%I', t);
  perform set_config('app.org_ids', mine, true), set_config('app.across', 'off', true);
  return n;
end $$`;

const ERASE = `
create function audit.erase_key(p_org uuid, p_epoch int) returns boolean ${DEFINER} as $$
begin
  if ${END_OF_MONTH} + interval '1 day' > clock_timestamp() then raise exception 'the month % is not over for a day', p_epoch using errcode = '42501'; end if;
  if not exists (select 1 from audit.entry e where e.org_id = p_org and e.type = 'erased' and (replace(convert_from(e.header, 'UTF8')::jsonb ->> 'epoch', '-', ''))::int = p_epoch) then
    raise exception 'a key is erased only with an entry that says so' using errcode = '42501';
  end if;
  update audit.payload_key set wrapped = null, erased_at = clock_timestamp() where org_id = p_org and epoch = p_epoch and wrapped is not null;
  return found;
end $$`;

const functions = [
  'append(uuid, bigint, bytea, jsonb, bytea, bytea, jsonb, bytea)',
  'open_epoch(int)',
  'prune_payload(int)',
  'erase_key(uuid, int)',
];

/** Sealed payloads, a partition a month, and the keys they are sealed with; entries that are about no task. */
export const payloadTables: Migration = {
  name: '202611250001-payloads',
  statements: [
    'alter table audit.entry alter column agent_id drop not null, alter column task_id drop not null, alter column attempt drop not null, alter column round drop not null',
    "create index entry_retention on audit.entry (org_id) where type in ('pruned', 'erased')",
    across('entry'),
    `create table audit.payload_key (org_id uuid not null, epoch int not null check (epoch between 197001 and 999912 and epoch % 100 between 1 and 12), wrapped bytea, made_at timestamptz not null default clock_timestamp(), erased_at timestamptz,
      primary key (org_id, epoch), check ((wrapped is null) = (erased_at is not null)))`,
    ...tenantTable('audit', 'payload_key', 'select, insert'),
    ...systemAccess('audit', 'payload_key', 'select'),
    ...ownerPolicies('payload_key'),
    ONLY_ERASE,
    'create trigger only_erase before update on audit.payload_key for each row execute function audit.only_erase()',
    `create trigger no_delete before delete or truncate on audit.payload_key ${FORBIDDEN}`,
    `create table audit.payload (org_id uuid not null, epoch int not null, position bigint not null, kind text not null check (kind in ('submission', 'verdicts')), sealed bytea not null,
      primary key (org_id, epoch, position)) partition by list (epoch)`,
    ...tenantTable('audit', 'payload', 'select'),
    ...systemAccess('audit', 'payload', 'select'),
    ...ownerPolicies('payload'),
    `create trigger append_only before update or delete or truncate on audit.payload ${FORBIDDEN}`,
    APPEND,
    OPEN_EPOCH,
    PRUNE,
    ERASE,
    ...functions.flatMap((name) => [
      `revoke all on function audit.${name} from public`,
      `grant execute on function audit.${name} to audit_app`,
    ]),
  ],
};
