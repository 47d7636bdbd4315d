import type { Micros } from '@countersign/primitives';
import type { ReasonCode, TaskKey } from '@countersign/contracts';
import { refusalOf, scopeText, spend, type Account, type ScopeKey } from './accounts.js';

/** One attempt's money. */
export interface Reservation {
  readonly key: TaskKey;
  readonly attempt: number;
  amount: Micros;
  state: 'HELD' | 'SETTLED' | 'RELEASED';
  settled: Micros | undefined;
  source: 'REPORTED' | 'ASSUMED' | undefined;
  scopes: readonly ScopeKey[];
  priceBookVersion: number | undefined;
  /** When a sweeper looks after it, ms. */
  readonly expiresAt: number;
}

/** A line of the ledger. */
export interface LedgerLine {
  readonly key: TaskKey;
  readonly attempt: number;
  readonly kind: 'RESERVE' | 'MOVE' | 'SETTLE' | 'RELEASE' | 'OVERRUN';
  readonly micros: Micros;
  readonly period: string;
}

/** What is asked to be reserved. `scopes` are those of now; `estimate` is undefined where no cost is known and no cap asks for one. */
export interface ReserveRequest {
  readonly key: TaskKey;
  readonly attempt: number;
  readonly round: number;
  readonly scopes: readonly ScopeKey[];
  readonly amount: Micros;
  readonly priceBookVersion: number | undefined;
  readonly expiresAt: number;
  /** An attempt that ends in the same command: released, or settled at an amount. */
  readonly replaces?: { readonly attempt: number; readonly settle: Micros | undefined };
}

/** What became of a request. */
export type ReserveOutcome =
  | { readonly ok: true; readonly reservation: Reservation }
  | { readonly ok: false; readonly code: ReasonCode; readonly scope?: ScopeKey };

/** Accounts and reservations of one batch, locked; every change is kept to be written in one go. Greedy in arrival order, exact in whole micros. */
export class Ledger {
  readonly lines: LedgerLine[] = [];
  readonly touchedAccounts = new Set<Account>();
  readonly touchedReservations = new Set<Reservation>();

  constructor(
    private readonly accounts: ReadonlyMap<string, Account>,
    private readonly reservations: Map<string, Reservation>,
  ) {}

  /** Holds an amount on all scopes or on none. The same request again gets the same answer. */
  reserve(request: ReserveRequest): ReserveOutcome {
    const { key, attempt, replaces } = request;
    const existing = this.reservations.get(reservationText(key, attempt));
    if (existing !== undefined) return this.#again(existing, request);
    if (request.round > 1 && replaces === undefined) return { ok: false, code: 'RESERVATION_RELEASED' };
    if (replaces !== undefined) this.finish(key, replaces.attempt, replaces.settle, 'REPORTED');
    const refusal = this.#refusal(request.scopes, request.amount);
    if (refusal !== undefined) return refusal;
    const reservation: Reservation = {
      key,
      attempt,
      amount: request.amount,
      state: 'HELD',
      settled: undefined,
      source: undefined,
      scopes: request.scopes,
      priceBookVersion: request.priceBookVersion,
      expiresAt: request.expiresAt,
    };
    this.#store(reservation);
    this.#add(request.scopes, request.amount, 0n);
    this.#line(reservation, 'RESERVE', request.amount);
    return { ok: true, reservation };
  }

  /**
   * Ends a hold: settled at an amount, or released. A release of what is not there leaves a tombstone, so that a reservation that arrives later is refused; a
   * settlement of what is not there answers RETRY and leaves nothing.
   */
  finish(
    key: TaskKey,
    attempt: number,
    settle: Micros | undefined,
    source: 'REPORTED' | 'ASSUMED',
  ): 'DONE' | 'ALREADY' | 'TOMBSTONE' | 'RETRY' {
    const reservation = this.reservations.get(reservationText(key, attempt));
    if (reservation === undefined) {
      if (settle !== undefined) return 'RETRY';
      this.#store({
        key,
        attempt,
        amount: 0n,
        state: 'RELEASED',
        settled: undefined,
        source: undefined,
        scopes: [],
        priceBookVersion: undefined,
        expiresAt: 0,
      });
      return 'TOMBSTONE';
    }
    if (reservation.state !== 'HELD') return 'ALREADY';
    this.#add(reservation.scopes, -reservation.amount, settle ?? 0n);
    reservation.state = settle === undefined ? 'RELEASED' : 'SETTLED';
    reservation.settled = settle;
    reservation.source = settle === undefined ? undefined : source;
    this.touchedReservations.add(reservation);
    this.#line(reservation, settle === undefined ? 'RELEASE' : 'SETTLE', settle ?? reservation.amount);
    if (settle !== undefined && settle > reservation.amount)
      this.#line(reservation, 'OVERRUN', settle - reservation.amount);
    return 'DONE';
  }

  /** A later round never estimates again; a hold of an earlier period moves to the present one, all or nothing. */
  #again(existing: Reservation, request: ReserveRequest): ReserveOutcome {
    // what is settled holds nothing either: a repeated first round hears so again, a later one would run on no money
    if (existing.state === 'RELEASED' || (existing.state === 'SETTLED' && request.round > 1))
      return { ok: false, code: 'RESERVATION_RELEASED' };
    if (existing.amount !== request.amount) return { ok: false, code: 'RESERVATION_CONFLICT' };
    if (request.round === 1 || sameScopes(existing.scopes, request.scopes)) return { ok: true, reservation: existing };
    this.#add(existing.scopes, -existing.amount, 0n);
    const refusal = this.#refusal(request.scopes, existing.amount);
    this.touchedReservations.add(existing);
    if (refusal !== undefined) {
      existing.state = 'RELEASED';
      this.#line(existing, 'RELEASE', existing.amount);
      return refusal;
    }
    this.#add(request.scopes, existing.amount, 0n);
    existing.scopes = request.scopes;
    this.#line(existing, 'MOVE', existing.amount);
    return { ok: true, reservation: existing };
  }

  #refusal(scopes: readonly ScopeKey[], amount: Micros): ReserveOutcome | undefined {
    for (const scope of scopes) {
      const account = this.accounts.get(scopeText(scope));
      if (account === undefined) return { ok: false, code: 'BUDGET_SCOPE_UNKNOWN', scope };
      const code = refusalOf(account, amount);
      if (code !== undefined) return { ok: false, code, scope };
    }
    return undefined;
  }

  #add(scopes: readonly ScopeKey[], reserved: Micros, spent: Micros): void {
    for (const scope of scopes) {
      const account = this.accounts.get(scopeText(scope));
      if (account === undefined) throw new Error('an account of a reservation was not locked');
      account.reserved += reserved;
      spend(account, spent);
      this.touchedAccounts.add(account);
    }
  }

  #store(reservation: Reservation): void {
    this.reservations.set(reservationText(reservation.key, reservation.attempt), reservation);
    this.touchedReservations.add(reservation);
  }

  #line({ key, attempt, scopes }: Reservation, kind: LedgerLine['kind'], micros: Micros): void {
    this.lines.push({ key, attempt, kind, micros, period: scopes[0]?.period ?? '' });
  }
}

/** Key of an attempt's reservation as one string. */
export function reservationText({ org, agent, task }: TaskKey, attempt: number): string {
  return `${org}/${agent}/${task}/${attempt}`;
}

function sameScopes(a: readonly ScopeKey[], b: readonly ScopeKey[]): boolean {
  return a.length === b.length && a.every((scope, i) => b[i] !== undefined && scopeText(scope) === scopeText(b[i]));
}
