import { compressWithLz4, type Migration } from '@countersign/store';

/**
 * Parameters of append() as arrays, an element an entry or payload: reading JSON row by row cost as much as writing the rows. Headers, leaves and payloads come one behind another in
 * three values with the places beside them, as before.
 */
const PARAMETERS = [
  ...['p_org uuid', 'p_size bigint', 'p_last bytea', 'p_headers bytea', 'p_leaves bytea', 'p_from int[]'],
  ...['p_length int[]', 'p_event uuid[]', 'p_type text[]', 'p_agent uuid[]', 'p_task uuid[]', 'p_attempt int[]'],
  ...['p_round int[]', 'p_digest text[]', 'p_at timestamptz[]', 'p_sealed bytea', 'p_index int[]', 'p_epoch int[]'],
  ...['p_kind text[]', 'p_sealed_from int[]', 'p_sealed_length int[]'],
];
const typesOf = (parameters: readonly string[]): string => parameters.map((p) => p.split(' ')[1]).join(', ');
const counts = (...arrays: readonly string[]): string => `array[${arrays.map((a) => `cardinality(${a})`).join(', ')}]`;

const APPEND = `
create function audit.append(${PARAMETERS.join(', ')}) returns void language plpgsql security definer set search_path = audit, pg_temp as $$
declare n int := cardinality(p_event); m int := cardinality(p_index);
begin
  if n = 0 or length(p_leaves) <> n * 32 or (n = all (${counts('p_from', 'p_length', 'p_type', 'p_agent', 'p_task', 'p_attempt', 'p_round', 'p_digest', 'p_at')})) is not true
    or (m = all (${counts('p_epoch', 'p_kind', 'p_sealed_from', 'p_sealed_length')})) is not true then
    raise exception 'entries, leaves or payloads differ in number' using errcode = '22023';
  end if;
  -- a stale writer loses here: two replicas can never give one position twice
  update audit.head set size = p_size + n, last_hash = substring(p_leaves from n * 32 - 31) where org_id = p_org and size = p_size and last_hash = p_last;
  if not found and p_size = 0 then
    insert into audit.head (org_id, size, last_hash) values (p_org, n, substring(p_leaves from n * 32 - 31)) on conflict do nothing;
  end if;
  if not found then raise exception 'the head of the chain has moved' using errcode = '40001'; end if;
  insert into audit.entry (org_id, position, leaf, header, event_id, type, agent_id, task_id, attempt, round, digest, at)
    select p_org, p_size + i - 1, substring(p_leaves from i::int * 32 - 31 for 32), substring(p_headers from f for l), event, type, agent, task, attempt, round, digest, at
    from unnest(p_from, p_length, p_event, p_type, p_agent, p_task, p_attempt, p_round, p_digest, p_at) with ordinality as t(f, l, event, type, agent, task, attempt, round, digest, at, i);
  if m = 0 then return; end if;
  -- sealed with a key that was erased meanwhile: whoever did looks again
  if exists (select 1 from audit.payload_key k where k.org_id = p_org and k.epoch = any (p_epoch) and k.wrapped is null) then
    raise exception 'the key of the payloads was erased' using errcode = 'AU001';
  end if;
  insert into audit.payload (org_id, epoch, position, kind, sealed)
    select p_org, epoch, p_size + index, kind, substring(p_sealed from f for l)
    from unnest(p_index, p_epoch, p_kind, p_sealed_from, p_sealed_length) as t(index, epoch, kind, f, l) where index between 0 and n - 1;
end $$`;

/** append() for a set; sealed bytes are not tried to be compressed, headers by LZ4 where the server has it. */
export const appendSet: Migration = {
  name: '202611251100-append-set',
  statements: [
    APPEND,
    `revoke all on function audit.append(${typesOf(PARAMETERS)}) from public`,
    `grant execute on function audit.append(${typesOf(PARAMETERS)}) to audit_app`,
    'alter table audit.payload alter column sealed set storage external',
    compressWithLz4('audit', 'entry', 'header'),
  ],
};
