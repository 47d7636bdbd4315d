import type { Micros } from '@countersign/primitives';
import type { TaskKey } from '@countersign/contracts';
import type { Tx } from '@countersign/store';
import { scopeText, type Account, type ScopeKey } from '../../domain/accounts.js';
import type { Cap, Caps } from '../../domain/caps.js';
import { reservationText } from '../../domain/ledger.js';
import type { Reservation, Source } from '../../domain/model.js';
import type { BudgetRow } from './budget-row.js';

/** Which attempts and accounts a batch works on. Accounts that do not exist are made, with the caps that the configuration says now. */
export interface LedgerScope {
  readonly attempts: readonly { readonly key: TaskKey; readonly attempt: number }[];
  readonly accounts: readonly { readonly key: ScopeKey; readonly caps: Caps }[];
}

interface AccountRow extends BudgetRow {
  readonly org_id: string;
  readonly cap_version: bigint | null;
  readonly cap_micros: bigint | null;
  readonly surface_version: bigint | null;
  readonly surface_micros: bigint | null;
  readonly resets: number;
  readonly told: number;
  readonly day: string | null;
  readonly day_micros: bigint;
}

/** A row of `budget.reservation`. */
export interface ReservationRow {
  readonly org_id: string;
  readonly agent_id: string;
  readonly task_id: string;
  readonly attempt: number;
  readonly amount_micros: bigint;
  readonly state: Reservation['state'];
  readonly settled_micros: bigint | null;
  readonly corrected_micros: bigint;
  readonly source: Source | null;
  readonly scopes: readonly ScopeKey[];
  readonly price_book_version: bigint | null;
  readonly expires_at: Date;
  readonly day: string | null;
  readonly asks_above_micros: bigint | null;
}

/** Columns of {@link ReservationRow} of a table named `r`. */
export const RESERVATION_COLUMNS =
  'r.org_id, r.agent_id, r.task_id, r.attempt, r.amount_micros, r.state, r.settled_micros, r.corrected_micros, r.source, r.scopes, r.price_book_version, r.expires_at, r.day, r.asks_above_micros';

/** The task that a row is about. */
export function keyOf({ org_id: org, agent_id: agent, task_id: task }: ReservationRow): TaskKey {
  return { org, agent, task };
}

/** One lock per attempt, sorted, in a statement of its own: a statement's snapshot is older than its waits. */
export async function lockAttempts(tx: Tx, attempts: LedgerScope['attempts']): Promise<void> {
  const keys = [...new Set(attempts.map(({ key, attempt }) => reservationText(key, attempt)))].sort();
  await tx.query(
    'select pg_advisory_xact_lock(hashtextextended(k, 0)) from (select k from unnest($1::text[]) as k order by k) sorted',
    [keys],
  );
}

/** Reservations of these attempts. */
export async function readReservations(tx: Tx, attempts: LedgerScope['attempts']): Promise<Map<string, Reservation>> {
  const wanted = [
    ...new Map(attempts.map(({ key, attempt }) => [reservationText(key, attempt), { key, attempt }])).values(),
  ];
  if (wanted.length === 0) return new Map();
  const rows = await tx.query<ReservationRow>(
    `select ${RESERVATION_COLUMNS} from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[]) as w(org_id, agent_id, task_id, attempt) join budget.reservation r using (org_id, agent_id, task_id, attempt)`,
    [
      wanted.map((a) => a.key.org),
      wanted.map((a) => a.key.agent),
      wanted.map((a) => a.key.task),
      wanted.map((a) => a.attempt),
    ],
  );
  return new Map(rows.map((row) => [reservationText(keyOf(row), row.attempt), reservationOf(row)]));
}

function reservationOf(row: ReservationRow): Reservation {
  return {
    key: keyOf(row),
    attempt: row.attempt,
    amount: row.amount_micros,
    state: row.state,
    settled: row.settled_micros ?? undefined,
    corrected: row.corrected_micros,
    source: row.source ?? undefined,
    scopes: row.scopes,
    priceBookVersion: row.price_book_version === null ? undefined : Number(row.price_book_version),
    expiresAt: row.expires_at.getTime(),
    day: row.day ?? undefined,
    asksAbove: row.asks_above_micros ?? undefined,
  };
}

/** Keys of all accounts that a batch may change, in the order in which they are locked. */
export function accountKeys(scope: LedgerScope, reservations: ReadonlyMap<string, Reservation>): readonly ScopeKey[] {
  const wanted = new Map(scope.accounts.map(({ key }) => [scopeText(key), key]));
  for (const { scopes } of reservations.values()) for (const key of scopes) wanted.set(scopeText(key), key);
  return [...wanted.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
}

const ACCOUNT_ARRAYS = 'unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[])';

const arraysOf = (keys: readonly ScopeKey[]): readonly (readonly string[])[] => [
  keys.map((k) => k.org),
  keys.map((k) => k.type),
  keys.map((k) => k.id),
  keys.map((k) => k.period),
];

/** Makes the rows that are not there yet: a new period begins with nothing spent, no job and no race. */
export async function makeAccounts(tx: Tx, keys: readonly ScopeKey[]): Promise<void> {
  await tx.query(
    `insert into budget.budget (org_id, scope_type, scope_id, period) select * from ${ACCOUNT_ARRAYS} on conflict do nothing`,
    arraysOf(keys),
  );
}

/** Accounts by {@link scopeText}, locked in order unless they are only looked at. */
export async function readAccounts(
  tx: Tx,
  keys: readonly ScopeKey[],
  mode: 'locked' | 'unlocked',
): Promise<Map<string, Account>> {
  const rows = await tx.query<AccountRow>(
    `select b.* from ${ACCOUNT_ARRAYS} as w(org_id, scope_type, scope_id, period) join budget.budget b using (org_id, scope_type, scope_id, period) order by b.org_id, b.scope_type, b.scope_id, b.period${mode === 'locked' ? ' for update of b' : ''}`,
    arraysOf(keys),
  );
  return new Map(rows.map((row) => accountOf(row)).map((account) => [scopeText(account.key), account]));
}

function accountOf(row: AccountRow): Account {
  return {
    key: { org: row.org_id, type: row.scope_type, id: row.scope_id, period: row.period },
    caps: {
      policy: capOf(row.cap_version, row.cap_micros),
      surface: capOf(row.surface_version, row.surface_micros),
    },
    limit: row.limit_micros ?? undefined,
    topup: row.topup_micros,
    reserved: row.reserved_micros,
    spent: row.spent_micros,
    resetBase: row.reset_base_micros,
    resets: row.resets,
    told: row.told,
    day: row.day ?? undefined,
    dayMicros: row.day_micros,
  };
}

function capOf(version: bigint | null, micros: Micros | null): Cap | undefined {
  return version === null ? undefined : { version: Number(version), micros: micros ?? undefined };
}
