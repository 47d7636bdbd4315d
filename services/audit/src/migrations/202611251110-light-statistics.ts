import { sampleLightly, type Migration } from '@countersign/store';

/** As it was, but a new partition takes over how its parent is sampled: PostgreSQL lets it inherit storage and not that. */
const OPEN_EPOCH = `
create or replace function audit.open_epoch(p_epoch int) returns void language plpgsql security definer set search_path = audit, pg_temp as $$
declare t text := format('payload_%s', p_epoch);
begin
  if p_epoch not between 197001 and 999912 or p_epoch % 100 not between 1 and 12 then raise exception 'not a month' using errcode = '23514'; end if;
  if to_regclass(format('audit.%I', t)) is not null then return; end if;
  perform pg_advisory_xact_lock(hashtextextended('audit payload partitions', 0));
  if to_regclass(format('audit.%I', t)) is not null then return; end if;
  execute format('create table audit.%I partition of audit.payload for values in (%s)', t, p_epoch);
  execute format('alter table audit.%I alter column org_id set statistics 10, alter column epoch set statistics 10, alter column position set statistics 10, alter column kind set statistics 0, alter column sealed set statistics 0', t);
  execute format('alter table audit.%I enable row level security', t);
  execute format('alter table audit.%I force row level security', t);
  execute format('create trigger append_only before update or delete or truncate on audit.%I for each statement execute function audit.forbid()', t);
end $$`;

/** Entries and payloads are only ever added and found by their keys: a tenth of the sample tells the planner what it needs. */
export const lightStatistics: Migration = {
  name: '202611251110-light-statistics',
  statements: [
    ...sampleLightly('audit', 'entry', {
      lookedUp: ['org_id', 'position', 'event_id', 'type', 'agent_id', 'task_id', 'attempt', 'round', 'at'],
      others: ['leaf', 'header', 'digest', 'written_at'],
    }),
    ...sampleLightly('audit', 'payload', { lookedUp: ['org_id', 'epoch', 'position'], others: ['kind', 'sealed'] }),
    OPEN_EPOCH,
  ],
};
