import { formatInstant } from '@countersign/primitives';
import type { Tx } from '@countersign/store';
import type { Account } from '../../domain/accounts.js';
import type { BudgetEvent } from '../../domain/events.js';
import type { Ledger } from '../../domain/ledger.js';
import type { AttemptLine, PendingSettlement, Reservation, ScopeLine } from '../../domain/model.js';

/** Writes everything that a batch changed, one statement a table, all on their way at once. */
export async function writeLedger(tx: Tx, ledger: Ledger): Promise<void> {
  const accounts = [...ledger.touchedAccounts];
  const fresh = [...ledger.newReservations];
  const changed = [...ledger.touchedReservations];
  await Promise.all([
    accounts.length > 0 && writeAccounts(tx, accounts),
    fresh.length > 0 && insertReservations(tx, fresh),
    changed.length > 0 && updateReservations(tx, changed),
    ledger.lines.length > 0 && writeAttemptLines(tx, ledger.lines),
    ledger.scopeLines.length > 0 && writeScopeLines(tx, ledger.scopeLines),
    ledger.events.length > 0 && writeEvents(tx, ledger.events),
    ledger.pending.length > 0 && writePending(tx, ledger.pending),
  ]);
}

const text = (value: bigint | number | undefined): string | null => value?.toString() ?? null;

async function writeAccounts(tx: Tx, all: readonly Account[]): Promise<void> {
  await tx.query(
    `update budget.budget b set limit_micros = w.l, topup_micros = w.tu, reserved_micros = w.r, spent_micros = w.s, reset_base_micros = w.rb, resets = w.rs, told = w.td, day = w.d, day_micros = w.dm,
       cap_version = w.cv, cap_micros = w.cm, surface_version = w.sv, surface_micros = w.sm
     from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::int[], $11::int[], $12::text[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[])
       as w(o, t, i, p, l, tu, r, s, rb, rs, td, d, dm, cv, cm, sv, sm) where b.org_id = w.o and b.scope_type = w.t and b.scope_id = w.i and b.period = w.p`,
    [
      all.map((a) => a.key.org),
      all.map((a) => a.key.type),
      all.map((a) => a.key.id),
      all.map((a) => a.key.period),
      all.map((a) => text(a.limit)),
      all.map((a) => text(a.topup)),
      all.map((a) => text(a.reserved)),
      all.map((a) => text(a.spent)),
      all.map((a) => text(a.resetBase)),
      all.map((a) => a.resets),
      all.map((a) => a.told),
      all.map((a) => a.day ?? null),
      all.map((a) => text(a.dayMicros)),
      all.map((a) => text(a.caps.policy?.version)),
      all.map((a) => text(a.caps.policy?.micros)),
      all.map((a) => text(a.caps.surface?.version)),
      all.map((a) => text(a.caps.surface?.micros)),
    ],
  );
}

/** Reservations that were not there under the lock of their attempt: nobody else can have made them. */
async function insertReservations(tx: Tx, all: readonly Reservation[]): Promise<void> {
  await tx.query(
    `insert into budget.reservation (org_id, agent_id, task_id, attempt, amount_micros, state, settled_micros, corrected_micros, source, scopes, price_book_version, expires_at, day, asks_above_micros)
     select o, a, t, n, m, st, se, co, so, sc::jsonb, pb, ex, d, aa from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::bigint[], $6::text[], $7::bigint[], $8::bigint[], $9::text[], $10::text[], $11::bigint[], $12::timestamptz[], $13::text[], $14::bigint[])
       as w(o, a, t, n, m, st, se, co, so, sc, pb, ex, d, aa)`,
    [
      ...attemptsOf(all),
      all.map((r) => text(r.amount)),
      ...courseOf(all),
      all.map((r) => r.priceBookVersion ?? null),
      all.map((r) => formatInstant(r.expiresAt)),
      all.map((r) => r.day ?? null),
      all.map((r) => text(r.asksAbove)),
    ],
  );
}

async function updateReservations(tx: Tx, all: readonly Reservation[]): Promise<void> {
  await tx.query(
    `update budget.reservation r set state = w.st, settled_micros = w.se, corrected_micros = w.co, source = w.so, scopes = w.sc::jsonb, day = w.d
     from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::text[], $10::text[])
       as w(o, a, t, n, st, se, co, so, sc, d) where r.org_id = w.o and r.agent_id = w.a and r.task_id = w.t and r.attempt = w.n`,
    [...attemptsOf(all), ...courseOf(all), all.map((r) => r.day ?? null)],
  );
}

const attemptsOf = (all: readonly Reservation[]): readonly unknown[] => [
  all.map((r) => r.key.org),
  all.map((r) => r.key.agent),
  all.map((r) => r.key.task),
  all.map((r) => r.attempt),
];

/** What of a reservation changes over time. */
const courseOf = (all: readonly Reservation[]): readonly unknown[] => [
  all.map((r) => r.state),
  all.map((r) => text(r.settled)),
  all.map((r) => text(r.corrected)),
  all.map((r) => r.source ?? null),
  all.map((r) => JSON.stringify(r.scopes)),
];

async function writeAttemptLines(tx: Tx, lines: readonly AttemptLine[]): Promise<void> {
  await tx.query(
    `insert into budget.ledger_entry (org_id, agent_id, task_id, attempt, kind, micros, period, actor) select o, a, t, n, k, m, p, 'budget' from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::bigint[], $7::text[]) as w(o, a, t, n, k, m, p)`,
    [
      lines.map((l) => l.key.org),
      lines.map((l) => l.key.agent),
      lines.map((l) => l.key.task),
      lines.map((l) => l.attempt),
      lines.map((l) => l.kind),
      lines.map((l) => text(l.micros)),
      lines.map((l) => l.period),
    ],
  );
}

async function writeScopeLines(tx: Tx, lines: readonly ScopeLine[]): Promise<void> {
  await tx.query(
    `insert into budget.ledger_entry (org_id, scope_type, scope_id, period, kind, micros, actor, reason, command_id) select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::uuid[])`,
    [
      lines.map((l) => l.scope.org),
      lines.map((l) => l.scope.type),
      lines.map((l) => l.scope.id),
      lines.map((l) => l.scope.period),
      lines.map((l) => l.kind),
      lines.map((l) => text(l.micros)),
      lines.map((l) => l.actor),
      lines.map((l) => l.reason ?? null),
      lines.map((l) => l.command ?? null),
    ],
  );
}

async function writeEvents(tx: Tx, events: readonly BudgetEvent[]): Promise<void> {
  const rows = events.map((event) =>
    event.kind === 'BUDGET_THRESHOLD'
      ? { ...event, org: event.scope.org, period: event.scope.period, key: undefined, attempt: undefined }
      : { ...event, org: event.key.org, scope: undefined, percent: undefined },
  );
  await tx.query(
    `insert into budget.event (org_id, kind, severity, scope_type, scope_id, period, percent, agent_id, task_id, attempt, micros) select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::int[], $8::uuid[], $9::uuid[], $10::int[], $11::bigint[])`,
    [
      rows.map((e) => e.org),
      rows.map((e) => e.kind),
      rows.map((e) => e.severity),
      rows.map((e) => e.scope?.type ?? null),
      rows.map((e) => e.scope?.id ?? null),
      rows.map((e) => e.period),
      rows.map((e) => e.percent ?? null),
      rows.map((e) => e.key?.agent ?? null),
      rows.map((e) => e.key?.task ?? null),
      rows.map((e) => e.attempt ?? null),
      rows.map((e) => text(e.micros)),
    ],
  );
}

/** Charges that wait: of two for one attempt the larger is owed. */
async function writePending(tx: Tx, all: readonly PendingSettlement[]): Promise<void> {
  await tx.query(
    `insert into budget.pending_settlement as p (org_id, agent_id, task_id, attempt, micros, source) select o, a, t, n, max(m), min(s) from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::bigint[], $6::text[]) as w(o, a, t, n, m, s) group by o, a, t, n
     on conflict (org_id, agent_id, task_id, attempt) do update set micros = greatest(p.micros, excluded.micros)`,
    [
      all.map((p) => p.key.org),
      all.map((p) => p.key.agent),
      all.map((p) => p.key.task),
      all.map((p) => p.attempt),
      all.map((p) => text(p.micros)),
      all.map((p) => p.source),
    ],
  );
}
