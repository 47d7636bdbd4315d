import { commandLogTable, outboxTable, systemAccess, tenantTable, type Migration } from '@countersign/store';

const tenant = (name: string, grants: string): string[] => [
  ...tenantTable('budget', name, grants),
  ...systemAccess('budget', name, 'select'),
];

/** Budgets, reservations, an append-only ledger, and price books. */
export const budgetTables: Migration = {
  name: '202611240001-budget',
  statements: [
    `create table budget.budget (org_id uuid not null, scope_type text not null check (scope_type in ('ORG', 'AGENT', 'CONNECTION')), scope_id uuid not null, period text not null, limit_micros bigint check (limit_micros >= 0),
      topup_micros bigint not null default 0, reserved_micros bigint not null default 0 check (reserved_micros >= 0), spent_micros bigint not null default 0 check (spent_micros >= 0), reset_base_micros bigint not null default 0,
      primary key (org_id, scope_type, scope_id, period)) with (fillfactor = 40)`,
    ...tenant('budget', 'select, insert, update'),
    // the last line: whatever the program does, what is held never grows beyond the cap. A settlement above its hold and a lowered cap are recorded all the same
    `create function budget.refuse_overcommit() returns trigger language plpgsql as $$ begin
      if new.reserved_micros > old.reserved_micros and new.limit_micros is not null and new.spent_micros - new.reset_base_micros + new.reserved_micros > new.limit_micros + new.topup_micros then
        raise exception 'reserving beyond the limit' using errcode = '23514'; end if; return new; end $$`,
    'create trigger refuse_overcommit before update on budget.budget for each row execute function budget.refuse_overcommit()',
    `create table budget.reservation (org_id uuid not null, agent_id uuid not null, task_id uuid not null, attempt int not null, amount_micros bigint not null check (amount_micros >= 0), state text not null check (state in ('HELD', 'SETTLED', 'RELEASED')),
      settled_micros bigint, source text, scopes jsonb not null, price_book_version bigint, expires_at timestamptz not null, created_at timestamptz not null default clock_timestamp(), primary key (org_id, agent_id, task_id, attempt))`,
    ...tenant('reservation', 'select, insert, update'),
    "create index reservation_held on budget.reservation (expires_at) where state = 'HELD'",
    `create table budget.ledger_entry (org_id uuid not null, id bigint generated always as identity, agent_id uuid, task_id uuid, attempt int, scope_type text, scope_id uuid, kind text not null check (kind in ('RESERVE', 'MOVE', 'SETTLE', 'RELEASE', 'OVERRUN', 'CORRECTION', 'TOPUP', 'RESET', 'LIMIT_CHANGE')),
      micros bigint, period text not null, actor text not null, at timestamptz not null default clock_timestamp(), primary key (org_id, id))`,
    ...tenant('ledger_entry', 'select, insert'),
    `create function budget.forbid() returns trigger language plpgsql as $$ begin raise exception 'the ledger is append-only' using errcode = '42501'; end $$`,
    'create trigger append_only before update or delete or truncate on budget.ledger_entry for each statement execute function budget.forbid()',
    'create table budget.price_book (version bigint primary key, currency text not null, entries jsonb not null, actor text not null, at timestamptz not null default clock_timestamp())',
    'grant select, insert on budget.price_book to budget_app',
    ...outboxTable('budget'),
    ...commandLogTable('budget'),
  ],
};
