import { Injectable } from '@nestjs/common';
import type { Micros } from '@countersign/primitives';
import type { TaskKey } from '@countersign/contracts';
import { DependencyUnavailable } from '@countersign/bus';
import { Database, DatabaseUnavailable, type Tx } from '@countersign/store';
import { Logger, Metrics } from '@countersign/telemetry';
import { emptyAccount, scopeText, type Account, type ScopeKey } from '../../domain/accounts.js';
import type { BudgetEvent } from '../../domain/events.js';
import { Ledger } from '../../domain/ledger.js';
import type { PendingSettlement, Source } from '../../domain/model.js';
import {
  accountKeys,
  keyOf,
  lockAttempts,
  makeAccounts,
  readAccounts,
  readReservations,
  RESERVATION_COLUMNS,
  type LedgerScope,
  type ReservationRow,
} from './ledger-rows.js';
import { writeLedger } from './ledger-writes.js';
import { MadeAccounts } from './made-accounts.js';

/** A hold that should have ended by now. */
export interface ExpiredHold {
  readonly key: TaskKey;
  readonly attempt: number;
  readonly amount: Micros;
  readonly overdueMs: number;
  /** When it should have ended, as the database writes it: exact to the microsecond. */
  readonly expiry: string;
}

/**
 * Works on a batch of attempts in one transaction: locks first, in one order everywhere, reads in later statements, decides in memory with whole micros, writes set-based.
 */
@Injectable()
export class LedgerStore {
  readonly #made = new MadeAccounts();

  constructor(
    private readonly database: Database,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  /** Runs `work` over the locked accounts and reservations and writes what it changed. */
  async run<T>(scope: LedgerScope, work: (ledger: Ledger) => T): Promise<T> {
    const { result, events, accounts } = await this.#transaction(scope, async (tx) => {
      const { ledger, accounts } = await lockedLedger(tx, scope, this.#made);
      return { result: work(ledger), events: await closed(tx, ledger), accounts };
    });
    this.#made.add(accounts);
    this.#alert(events);
    return result;
  }

  /** As {@link run}, once per command: undefined when the ledger has a line of this command already. */
  async runOnce<T>(
    scope: LedgerScope,
    command: { readonly org: string; readonly id: string },
    work: (ledger: Ledger) => T,
  ): Promise<T | undefined> {
    const done = await this.#transaction(scope, async (tx) => {
      const { ledger } = await lockedLedger(tx, scope, this.#made);
      const known = await tx.query('select 1 from budget.ledger_entry where org_id = $1 and command_id = $2', [
        command.org,
        command.id,
      ]);
      return known.length > 0 ? undefined : { result: work(ledger), events: await closed(tx, ledger) };
    });
    this.#alert(done?.events ?? []);
    return done?.result;
  }

  /** What `work` would come to now: nothing is locked, and nothing is written. */
  async look<T>(scope: LedgerScope, work: (ledger: Ledger) => T): Promise<T> {
    return this.#transaction(scope, async (tx) => {
      const reservations = await readReservations(tx, scope.attempts);
      const keys = accountKeys(scope, reservations);
      const known = await readAccounts(tx, keys, 'unlocked');
      const accounts = new Map(
        keys.map((key) => [scopeText(key), known.get(scopeText(key)) ?? emptyAccount(key)] as const),
      );
      const ledger = new Ledger(accounts, reservations);
      for (const { key, caps } of scope.accounts) ledger.follow(key, caps);
      return work(ledger);
    });
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

  /** Charges whose attempt was not known when they came and is known now. */
  async duePending(limit: number): Promise<readonly PendingSettlement[]> {
    const rows = await this.database.system((tx) =>
      tx.query<ReservationRow & { readonly micros: bigint; readonly told_source: Source }>(
        `select ${RESERVATION_COLUMNS}, p.micros, p.source as told_source from budget.pending_settlement p join budget.reservation r using (org_id, agent_id, task_id, attempt) order by p.at limit $1`,
        [limit],
      ),
    );
    return rows.map((row) => ({
      key: keyOf(row),
      attempt: row.attempt,
      micros: row.micros,
      source: row.told_source,
    }));
  }

  /** Forgets a charge that was booked. */
  async forgetPending({ key, attempt, micros }: PendingSettlement): Promise<void> {
    await this.database.tenant(key.org, (tx) =>
      tx.query(
        'delete from budget.pending_settlement where org_id = $1 and agent_id = $2 and task_id = $3 and attempt = $4 and micros = $5',
        [key.org, key.agent, key.task, attempt, micros.toString()],
      ),
    );
  }

  async #transaction<T>(scope: LedgerScope, run: (tx: Tx) => Promise<T>): Promise<T> {
    const orgs = [...scope.attempts.map((a) => a.key.org), ...scope.accounts.map((a) => a.key.org)];
    try {
      return await this.database.tenants([...new Set(orgs)].sort(), run);
    } catch (error) {
      if (error instanceof DatabaseUnavailable) throw new DependencyUnavailable('postgresql', { cause: error });
      throw error;
    }
  }

  #alert(events: readonly BudgetEvent[]): void {
    for (const event of events) {
      const { kind, severity } = event;
      if (kind === 'BUDGET_OVERRUN') {
        this.metrics.add('countersign_budget_overruns_total');
        this.logger.alert(kind, { task: event.key, attempt: event.attempt, severity });
      } else
        this.logger.alert(kind, {
          org: event.scope.org,
          severity,
          count: event.percent,
          ...(event.scope.type === 'AGENT' ? { agent: event.scope.id } : {}),
          ...(event.scope.type === 'CONNECTION' ? { connection: event.scope.id } : {}),
        });
    }
  }
}

interface Locked {
  readonly ledger: Ledger;
  readonly accounts: ReadonlyMap<string, Account>;
}

async function lockedLedger(tx: Tx, scope: LedgerScope, made: MadeAccounts): Promise<Locked> {
  // both leave together, and the second begins when the first has its locks
  const [, reservations] = await Promise.all([
    scope.attempts.length > 0 && lockAttempts(tx, scope.attempts),
    readReservations(tx, scope.attempts),
  ]);
  const accounts = await lockedAccounts(tx, accountKeys(scope, reservations), made);
  const ledger = new Ledger(accounts, reservations);
  for (const { key, caps } of scope.accounts) ledger.follow(key, caps);
  return { ledger, accounts };
}

async function lockedAccounts(
  tx: Tx,
  keys: readonly ScopeKey[],
  made: MadeAccounts,
): Promise<ReadonlyMap<string, Account>> {
  if (keys.length === 0) return new Map();
  const fresh = made.without(keys);
  if (fresh.length > 0) await makeAccounts(tx, fresh);
  const accounts = await readAccounts(tx, keys, 'locked');
  if (accounts.size === keys.length) return accounts;
  // rows are gone that were there, as after a backup was put in its place
  await makeAccounts(tx, keys);
  return readAccounts(tx, keys, 'locked');
}

async function closed(tx: Tx, ledger: Ledger): Promise<readonly BudgetEvent[]> {
  ledger.close();
  await writeLedger(tx, ledger);
  return ledger.events;
}
