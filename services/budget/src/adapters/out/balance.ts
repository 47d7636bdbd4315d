import { MAX_MICROS } from '@countersign/primitives';

/** The longest that a person has to approve, and an hour for the sweeper: whatever is held beyond is forgotten. */
const FORGOTTEN_AFTER = '73 hours';
/** A charge that waits longer than this for its hold is a difference. */
const UNKNOWN_AFTER = '1 hour';

/** What is held and spent of each budget, by its reservations; a sum beyond what a row holds counts as that. */
const OF_RESERVATIONS = `
with entry as (
  select r.*, s.scope ->> 'type' as scope_type, (s.scope ->> 'id')::uuid as scope_id, s.scope ->> 'period' as period
  from budget.reservation r, jsonb_array_elements(r.scopes) as s(scope) where r.org_id = $1),
sums as (
  select b.scope_type, b.scope_id, b.period, b.reserved_micros, b.spent_micros, b.day, b.day_micros,
    coalesce(sum(e.amount_micros) filter (where e.state = 'HELD'), 0) as held,
    least(coalesce(sum(e.settled_micros + e.corrected_micros) filter (where e.state = 'SETTLED'), 0), ${MAX_MICROS}) as settled,
    least(coalesce(sum(case e.state when 'HELD' then e.amount_micros when 'SETTLED' then e.settled_micros + e.corrected_micros else 0 end) filter (where e.day = b.day), 0), ${MAX_MICROS}) as today
  from budget.budget b left join entry e on e.org_id = b.org_id and e.scope_type = b.scope_type and e.scope_id = b.scope_id and e.period = b.period
  where b.org_id = $1 group by b.org_id, b.scope_type, b.scope_id, b.period)
select format('%s %s %s: reserved %s but %s is held, spent %s but %s was settled, of %s %s but %s', scope_type, scope_id, period, reserved_micros, held, spent_micros, settled, coalesce(day, 'no day'), day_micros, today) as difference
from sums where reserved_micros <> held or spent_micros <> settled or (scope_type = 'CONNECTION' and day is not null and day_micros <> today)`;

/** What the ledger says of each attempt, against its reservation: every reserved amount is held, or released, or settled, in the month in which it counts. */
const OF_ATTEMPTS = `
select format('attempt %s of task %s: %s of %s in %s, but the ledger has reserved %s, released %s, settled %s, overrun %s, corrected %s in %s', r.attempt, r.task_id, r.state, r.amount_micros, r.scopes -> 0 ->> 'period', l.reserved, l.released, l.settled, l.overrun, l.corrected, l.period) as difference
from budget.reservation r left join lateral (
  select coalesce(sum(micros) filter (where kind = 'RESERVE'), 0) as reserved, coalesce(sum(micros) filter (where kind = 'RELEASE'), 0) as released,
    sum(micros) filter (where kind = 'SETTLE') as settled, coalesce(sum(micros) filter (where kind = 'OVERRUN'), 0) as overrun, coalesce(sum(micros) filter (where kind = 'CORRECTION'), 0) as corrected,
    (array_agg(period order by id desc) filter (where kind in ('RESERVE', 'MOVE')))[1] as period
  from budget.ledger_entry l where (l.org_id, l.agent_id, l.task_id, l.attempt) = (r.org_id, r.agent_id, r.task_id, r.attempt)) l on true
where r.org_id = $1 and (l.reserved <> r.amount_micros or l.settled is distinct from r.settled_micros or l.corrected <> r.corrected_micros
  or l.released <> case r.state when 'RELEASED' then r.amount_micros else 0 end or l.overrun <> greatest(0, coalesce(r.settled_micros, 0) - r.amount_micros)
  or l.period is distinct from r.scopes -> 0 ->> 'period')`;

/** What the ledger says of each budget itself: top-ups, resets and the limit that was written last. */
const OF_BUDGETS = `
select format('%s %s %s: topped up %s, reset at %s, limit %s, but the ledger says %s, %s, %s', b.scope_type, b.scope_id, b.period, b.topup_micros, b.reset_base_micros, coalesce(b.limit_micros::text, 'none'), l.topup, l.reset, coalesce(l.limit_micros::text, 'none')) as difference
from budget.budget b left join lateral (
  select coalesce(sum(micros) filter (where kind = 'TOPUP'), 0) as topup, coalesce(sum(micros) filter (where kind = 'RESET'), 0) as reset, count(*) filter (where kind = 'RESET') as resets,
    (array_agg(micros order by id desc) filter (where kind = 'LIMIT_CHANGE'))[1] as limit_micros
  from budget.ledger_entry l where (l.org_id, l.scope_type, l.scope_id, l.period) = (b.org_id, b.scope_type, b.scope_id, b.period)) l on true
where b.org_id = $1 and (b.topup_micros <> l.topup or b.reset_base_micros <> l.reset or b.resets <> l.resets or (b.cap_version is not null and b.limit_micros is distinct from l.limit_micros))`;

/** Lines about what no row has: an attempt or a budget that is gone. */
const ORPHANS = `
select format('%s of %s in %s stands in the ledger for what does not exist', kind, coalesce(task_id, scope_id), period) as difference from budget.ledger_entry l
where l.org_id = $1 and case when l.task_id is null
  then not exists (select 1 from budget.budget b where (b.org_id, b.scope_type, b.scope_id, b.period) = (l.org_id, l.scope_type, l.scope_id, l.period))
  else not exists (select 1 from budget.reservation r where (r.org_id, r.agent_id, r.task_id, r.attempt) = (l.org_id, l.agent_id, l.task_id, l.attempt)) end`;

const FORGOTTEN = `
select format('attempt %s of task %s holds %s and should have ended at %s', attempt, task_id, amount_micros, expires_at) as difference from budget.reservation
where org_id = $1 and state = 'HELD' and expires_at < clock_timestamp() - interval '${FORGOTTEN_AFTER}'
union all
select format('attempt %s of task %s was charged %s and never reserved anything', attempt, task_id, micros) from budget.pending_settlement
where org_id = $1 and at < clock_timestamp() - interval '${UNKNOWN_AFTER}'`;

/** Every way in which the books of an organisation can differ, each a query over `$1` with a column `difference`. None of them finds anything in books that balance. */
export const BALANCE_CHECKS: readonly string[] = [OF_RESERVATIONS, OF_ATTEMPTS, OF_BUDGETS, ORPHANS, FORGOTTEN];
