import { Injectable } from '@nestjs/common';
import { formatInstant, type Micros } from '@countersign/primitives';
import type { TaskKey } from '@countersign/contracts';
import { DependencyUnavailable } from '@countersign/bus';
import { Database, DatabaseUnavailable, type Tx } from '@countersign/store';
import { scopeText, type Account, type ScopeKey, type ScopeType } from '../../domain/accounts.js';
import { Ledger, reservationText, type Reservation } from '../../domain/ledger.js';

/** Which attempts and accounts a batch works on. Accounts that do not exist are made, with the limit that the configuration says now. */
export interface LedgerScope {
  readonly attempts: readonly { readonly key: TaskKey; readonly attempt: number }[];
  readonly accounts: readonly { readonly key: ScopeKey; readonly limit: Micros | undefined }[];
}

/** A hold that should have ended by now. */
export interface ExpiredHold {
  readonly key: TaskKey;
  readonly attempt: number;
  readonly amount: Micros;
  readonly overdueMs: number;
  /** When it should have ended, as the database writes it: exact to the microsecond. */
  readonly expiry: string;
}

interface AccountRow {
  readonly org_id: string;
  readonly scope_type: ScopeType;
  readonly scope_id: string;
  readonly period: string;
  readonly limit_micros: bigint | null;
  readonly topup_micros: bigint;
  readonly reserved_micros: bigint;
  readonly spent_micros: bigint;
  readonly reset_base_micros: bigint;
}

interface ReservationRow {
  readonly org_id: string;
  readonly agent_id: string;
  readonly task_id: string;
  readonly attempt: number;
  readonly amount_micros: bigint;
  readonly state: Reservation['state'];
  readonly settled_micros: bigint | null;
  readonly source: 'REPORTED' | 'ASSUMED' | null;
  readonly scopes: readonly ScopeKey[];
  readonly price_book_version: bigint | null;
  readonly expires_at: Date;
}

const RESERVATION_COLUMNS =
  'r.org_id, r.agent_id, r.task_id, r.attempt, r.amount_micros, r.state, r.settled_micros, r.source, r.scopes, r.price_book_version, r.expires_at';

/**
 * Works on a batch of attempts in one transaction: locks first, in one order everywhere, reads in later statements, decides in memory with whole micros, writes set-based.
 */
@Injectable()
export class LedgerStore {
  constructor(private readonly database: Database) {}

  /** Runs `work` over the locked accounts and reservations and writes what it changed. */
  async run<T>(scope: LedgerScope, work: (ledger: Ledger) => T): Promise<T> {
    const orgs = [
      ...new Set([...scope.attempts.map((a) => a.key.org), ...scope.accounts.map((a) => a.key.org)]),
    ].sort();
    try {
      return await this.database.tenants(orgs, async (tx) => {
        await lockAttempts(tx, scope.attempts);
        const reservations = await readReservations(tx, scope.attempts);
        const accounts = await lockAccounts(tx, scope, reservations);
        const ledger = new Ledger(accounts, reservations);
        const result = work(ledger);
        await write(tx, ledger);
        return result;
      });
    } catch (error) {
      if (error instanceof DatabaseUnavailable) throw new DependencyUnavailable('postgresql', { cause: error });
      throw error;
    }
  }

  /** Attempts of a task that still hold money. */
  async heldAttempts(
    keys: readonly TaskKey[],
  ): Promise<readonly { readonly key: TaskKey; readonly attempt: number; readonly amount: Micros }[]> {
    const orgs = [...new Set(keys.map((key) => key.org))];
    const rows = await this.database.tenants(orgs, (tx) =>
      tx.query<ReservationRow>(
        `select ${RESERVATION_COLUMNS} from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as w(org_id, agent_id, task_id) join budget.reservation r using (org_id, agent_id, task_id) where r.state = 'HELD'`,
        [keys.map((k) => k.org), keys.map((k) => k.agent), keys.map((k) => k.task)],
      ),
    );
    return rows.map((row) => ({ key: keyOf(row), attempt: row.attempt, amount: row.amount_micros }));
  }

  /** Holds that should have ended by now, oldest first; after the last one of the page before, where one is named. */
  async expired(limit: number, after?: ExpiredHold): Promise<readonly ExpiredHold[]> {
    const rows = await this.database.system((tx) =>
      tx.query<ReservationRow & { readonly overdue: number; readonly expiry: string }>(
        `select ${RESERVATION_COLUMNS}, r.expires_at::text as expiry, (extract(epoch from clock_timestamp() - r.expires_at) * 1000)::float8 as overdue from budget.reservation r
         where r.state = 'HELD' and r.expires_at < clock_timestamp()
           and ($2::timestamptz is null or (r.expires_at, r.org_id, r.agent_id, r.task_id, r.attempt) > ($2, $3::uuid, $4::uuid, $5::uuid, $6::int))
         order by r.expires_at, r.org_id, r.agent_id, r.task_id, r.attempt limit $1`,
        [
          limit,
          after?.expiry ?? null,
          after?.key.org ?? null,
          after?.key.agent ?? null,
          after?.key.task ?? null,
          after?.attempt ?? null,
        ],
      ),
    );
    return rows.map((row) => ({
      key: keyOf(row),
      attempt: row.attempt,
      amount: row.amount_micros,
      overdueMs: row.overdue,
      expiry: row.expiry,
    }));
  }
}

/** One lock per attempt, sorted, in a statement of its own: a statement's snapshot is older than its waits. */
async function lockAttempts(tx: Tx, attempts: LedgerScope['attempts']): Promise<void> {
  const keys = [...new Set(attempts.map(({ key, attempt }) => reservationText(key, attempt)))].sort();
  await tx.query(
    'select pg_advisory_xact_lock(hashtextextended(k, 0)) from (select k from unnest($1::text[]) as k order by k) sorted',
    [keys],
  );
}

async function readReservations(tx: Tx, attempts: LedgerScope['attempts']): Promise<Map<string, Reservation>> {
  const rows = await tx.query<ReservationRow>(
    `select distinct ${RESERVATION_COLUMNS} from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[]) as w(org_id, agent_id, task_id, attempt) join budget.reservation r using (org_id, agent_id, task_id, attempt)`,
    [
      attempts.map((a) => a.key.org),
      attempts.map((a) => a.key.agent),
      attempts.map((a) => a.key.task),
      attempts.map((a) => a.attempt),
    ],
  );
  return new Map(
    rows.map((row) => [
      reservationText(keyOf(row), row.attempt),
      {
        key: keyOf(row),
        attempt: row.attempt,
        amount: row.amount_micros,
        state: row.state,
        settled: row.settled_micros ?? undefined,
        source: row.source ?? undefined,
        scopes: row.scopes,
        priceBookVersion: row.price_book_version === null ? undefined : Number(row.price_book_version),
        expiresAt: row.expires_at.getTime(),
      },
    ]),
  );
}

const ACCOUNT_ARRAYS = 'unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[])';

async function lockAccounts(
  tx: Tx,
  scope: LedgerScope,
  reservations: ReadonlyMap<string, Reservation>,
): Promise<Map<string, Account>> {
  const limits = new Map(scope.accounts.map(({ key, limit }) => [scopeText(key), limit]));
  const wanted = new Map(scope.accounts.map(({ key }) => [scopeText(key), key]));
  for (const { scopes } of reservations.values()) for (const key of scopes) wanted.set(scopeText(key), key);
  const keys = [...wanted.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
  if (keys.length === 0) return new Map();
  const params = [keys.map((k) => k.org), keys.map((k) => k.type), keys.map((k) => k.id), keys.map((k) => k.period)];
  await tx.query(
    `insert into budget.budget (org_id, scope_type, scope_id, period, limit_micros) select o, t, s, p, l from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::bigint[]) as w(o, t, s, p, l) on conflict do nothing`,
    [...params, keys.map((k) => limits.get(scopeText(k))?.toString() ?? null)],
  );
  const rows = await tx.query<AccountRow>(
    `select b.* from ${ACCOUNT_ARRAYS} as w(org_id, scope_type, scope_id, period) join budget.budget b using (org_id, scope_type, scope_id, period) order by b.org_id, b.scope_type, b.scope_id, b.period for update of b`,
    params,
  );
  const accounts = new Map(
    rows.map((row) => [
      scopeText({ org: row.org_id, type: row.scope_type, id: row.scope_id, period: row.period }),
      accountOf(row),
    ]),
  );
  await followLimits(tx, accounts, limits);
  return accounts;
}

/** A changed cap takes effect at once and leaves a line in the ledger. */
async function followLimits(
  tx: Tx,
  accounts: ReadonlyMap<string, Account>,
  limits: ReadonlyMap<string, Micros | undefined>,
): Promise<void> {
  for (const [text, limit] of limits) {
    const account = accounts.get(text);
    if (account === undefined || account.limit === limit) continue;
    account.limit = limit;
    const { org, type, id, period } = account.key;
    const params = [org, type, id, period, limit?.toString() ?? null];
    await tx.query(
      'update budget.budget set limit_micros = $5 where org_id = $1 and scope_type = $2 and scope_id = $3 and period = $4',
      params,
    );
    await tx.query(
      "insert into budget.ledger_entry (org_id, scope_type, scope_id, period, micros, kind, actor) values ($1, $2, $3, $4, $5, 'LIMIT_CHANGE', 'policy')",
      params,
    );
  }
}

function accountOf(row: AccountRow): Account {
  return {
    key: { org: row.org_id, type: row.scope_type, id: row.scope_id, period: row.period },
    limit: row.limit_micros ?? undefined,
    topup: row.topup_micros,
    reserved: row.reserved_micros,
    spent: row.spent_micros,
    resetBase: row.reset_base_micros,
  };
}

async function write(tx: Tx, ledger: Ledger): Promise<void> {
  const accounts = [...ledger.touchedAccounts];
  const reservations = [...ledger.touchedReservations];
  if (accounts.length > 0) {
    await tx.query(
      `update budget.budget b set reserved_micros = w.r, spent_micros = w.s from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[]) as w(o, t, i, p, r, s) where b.org_id = w.o and b.scope_type = w.t and b.scope_id = w.i and b.period = w.p`,
      [
        accounts.map((a) => a.key.org),
        accounts.map((a) => a.key.type),
        accounts.map((a) => a.key.id),
        accounts.map((a) => a.key.period),
        accounts.map((a) => a.reserved.toString()),
        accounts.map((a) => a.spent.toString()),
      ],
    );
  }
  if (reservations.length > 0) await writeReservations(tx, reservations);
  if (ledger.lines.length > 0) {
    const { lines } = ledger;
    await tx.query(
      `insert into budget.ledger_entry (org_id, agent_id, task_id, attempt, kind, micros, period, actor) select o, a, t, n, k, m, p, 'budget' from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::bigint[], $7::text[]) as w(o, a, t, n, k, m, p)`,
      [
        lines.map((l) => l.key.org),
        lines.map((l) => l.key.agent),
        lines.map((l) => l.key.task),
        lines.map((l) => l.attempt),
        lines.map((l) => l.kind),
        lines.map((l) => l.micros.toString()),
        lines.map((l) => l.period),
      ],
    );
  }
}

async function writeReservations(tx: Tx, all: readonly Reservation[]): Promise<void> {
  await tx.query(
    `insert into budget.reservation as r (org_id, agent_id, task_id, attempt, amount_micros, state, settled_micros, source, scopes, price_book_version, expires_at)
     select o, a, t, n, m, st, se, so, sc::jsonb, pb, ex from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::bigint[], $6::text[], $7::bigint[], $8::text[], $9::text[], $10::bigint[], $11::timestamptz[]) as w(o, a, t, n, m, st, se, so, sc, pb, ex)
     on conflict (org_id, agent_id, task_id, attempt) do update set state = excluded.state, settled_micros = excluded.settled_micros, source = excluded.source, scopes = excluded.scopes`,
    [
      all.map((r) => r.key.org),
      all.map((r) => r.key.agent),
      all.map((r) => r.key.task),
      all.map((r) => r.attempt),
      all.map((r) => r.amount.toString()),
      all.map((r) => r.state),
      all.map((r) => r.settled?.toString() ?? null),
      all.map((r) => r.source ?? null),
      all.map((r) => JSON.stringify(r.scopes)),
      all.map((r) => r.priceBookVersion ?? null),
      all.map((r) => formatInstant(r.expiresAt)),
    ],
  );
}

function keyOf({ org_id: org, agent_id: agent, task_id: task }: ReservationRow): TaskKey {
  return { org, agent, task };
}
