import { maxMicros, type Micros } from '@countersign/primitives';
import type { ReasonCode, TaskKey } from '@countersign/contracts';
import { countOnDay, refusalOf, scopeText, spend, turnDay, type Account, type ScopeKey } from './accounts.js';
import { followCaps, lowestCap, type Caps } from './caps.js';
import { tellThresholds, type BudgetEvent } from './events.js';
import type { AttemptLine, PendingSettlement, Reservation, ScopeAct, ScopeLine, Source } from './model.js';
import { standingOf, type Standing } from './standing.js';

/** What is asked to be reserved. `scopes` are those of now; `amount` is 0 where no cost is known and no cost rule asks for one. */
export interface ReserveRequest {
  readonly key: TaskKey;
  readonly attempt: number;
  readonly round: number;
  readonly scopes: readonly ScopeKey[];
  readonly amount: Micros;
  readonly priceBookVersion: number | undefined;
  readonly expiresAt: number;
  /** The day of now in the organisation's zone, `YYYY-MM-DD`. */
  readonly today: string;
  /** A person is asked when the connection's day comes to more than this. */
  readonly askAbove?: Micros | undefined;
  /** An attempt that ends in the same command: released, or settled at an amount. */
  readonly replaces?: { readonly attempt: number; readonly settle: Micros | undefined };
}

/** What became of a request, and how its budgets stand. */
export type ReserveOutcome =
  | { readonly ok: true; readonly reservation: Reservation; readonly standing: readonly Standing[] }
  | {
      readonly ok: false;
      readonly code: ReasonCode;
      readonly scope?: ScopeKey;
      readonly standing: readonly Standing[];
    };

type Refusal = Extract<ReserveOutcome, { ok: false }>;

/** What became of the end of a hold: a release of nothing leaves a tombstone, a settlement of nothing waits for its hold. */
export type FinishOutcome = 'DONE' | 'ALREADY' | 'TOMBSTONE' | 'RETRY';

/** Accounts and reservations of one batch, locked; every change is kept to be written in one go. Greedy in arrival order, exact in whole micros. */
export class Ledger {
  readonly lines: AttemptLine[] = [];
  readonly scopeLines: ScopeLine[] = [];
  readonly pending: PendingSettlement[] = [];
  readonly events: BudgetEvent[] = [];
  readonly touchedAccounts = new Set<Account>();
  /** Reservations that were there and have changed, and those that were not. */
  readonly touchedReservations = new Set<Reservation>();
  readonly newReservations = new Set<Reservation>();

  constructor(
    private readonly accounts: ReadonlyMap<string, Account>,
    private readonly reservations: Map<string, Reservation>,
  ) {}

  /** Takes over caps that are newer than those an account knows: they hold at once, and a changed limit leaves a line. */
  follow(scope: ScopeKey, told: Caps): void {
    const account = this.accounts.get(scopeText(scope));
    if (account === undefined) return;
    const caps = followCaps(account.caps, told);
    if (caps === account.caps) return;
    const first = account.caps.policy === undefined;
    account.caps = caps;
    this.touchedAccounts.add(account);
    const limit = lowestCap(caps);
    if (limit === account.limit && !(first && limit !== undefined)) return;
    account.limit = limit;
    this.scopeLines.push({ scope, kind: 'LIMIT_CHANGE', micros: limit, actor: 'policy' });
  }

  /** Holds an amount on all scopes or on none. The same request again gets the same answer. */
  reserve(request: ReserveRequest): ReserveOutcome {
    const { key, attempt, replaces } = request;
    const existing = this.reservations.get(reservationText(key, attempt));
    if (existing !== undefined) return this.#again(existing, request);
    if (request.round > 1 && replaces === undefined) return refused('RESERVATION_RELEASED');
    if (replaces !== undefined) this.finish(key, replaces.attempt, replaces.settle, 'REPORTED');
    const refusal = this.#refusal(request.scopes, request.amount);
    if (refusal !== undefined) return refusal;
    const { day, asksAbove } = this.#day(request);
    const reservation: Reservation = {
      key,
      attempt,
      amount: request.amount,
      state: 'HELD',
      settled: undefined,
      corrected: 0n,
      source: undefined,
      scopes: request.scopes,
      priceBookVersion: request.priceBookVersion,
      expiresAt: request.expiresAt,
      day,
      asksAbove,
    };
    this.#store(reservation);
    this.#add(reservation, request.amount, 0n);
    this.#line(reservation, 'RESERVE', request.amount);
    return this.#held(reservation);
  }

  /**
   * Ends a hold: settled at an amount, or released. A release of what is not there leaves a tombstone, so that a reservation that arrives later is refused; a
   * settlement of what is not there is kept to be repeated, and answers RETRY.
   */
  finish(key: TaskKey, attempt: number, settle: Micros | undefined, source: Source): FinishOutcome {
    const reservation = this.reservations.get(reservationText(key, attempt));
    if (reservation === undefined) {
      if (settle === undefined) this.#store(tombstone(key, attempt));
      else this.pending.push({ key, attempt, micros: settle, source });
      return settle === undefined ? 'TOMBSTONE' : 'RETRY';
    }
    if (reservation.state !== 'HELD') return 'ALREADY';
    this.#add(reservation, -reservation.amount, settle ?? 0n);
    reservation.state = settle === undefined ? 'RELEASED' : 'SETTLED';
    reservation.settled = settle;
    reservation.source = settle === undefined ? undefined : source;
    this.#line(reservation, settle === undefined ? 'RELEASE' : 'SETTLE', settle ?? reservation.amount);
    if (settle !== undefined && settle > reservation.amount) {
      this.#line(reservation, 'OVERRUN', settle - reservation.amount);
      this.#overrun(reservation, settle - reservation.amount);
    }
    return 'DONE';
  }

  /** What an attempt holds; undefined when it holds nothing, be it never, no longer or not yet. */
  heldBy(key: TaskKey, attempt: number): Micros | undefined {
    const reservation = this.reservations.get(reservationText(key, attempt));
    return reservation?.state === 'HELD' ? reservation.amount : undefined;
  }

  /**
   * A cost that was told after the end: of a hold that still stands its settlement, else what it costs more than was booked. Nothing is metered, so it never lowers;
   * told again it adds nothing. What was released stays so: the first end of a hold stands.
   */
  correct(key: TaskKey, attempt: number, charged: Micros): FinishOutcome {
    const reservation = this.reservations.get(reservationText(key, attempt));
    if (reservation?.state !== 'SETTLED')
      return reservation?.state === 'RELEASED' ? 'ALREADY' : this.finish(key, attempt, charged, 'REPORTED');
    const booked = (reservation.settled ?? 0n) + reservation.corrected;
    const more = charged - booked;
    if (more <= 0n) return 'ALREADY';
    this.#add(reservation, 0n, more);
    reservation.corrected += more;
    this.#line(reservation, 'CORRECTION', more);
    if (charged > reservation.amount) this.#overrun(reservation, charged - maxMicros(booked, reservation.amount));
    return 'DONE';
  }

  /** Adds to the ceiling of this period only. Undefined when there is no cap to add to. */
  topUp(scope: ScopeKey, micros: Micros, act: ScopeAct): Account | undefined {
    const account = this.accounts.get(scopeText(scope));
    if (account?.limit === undefined) return undefined;
    account.topup += micros;
    this.touchedAccounts.add(account);
    this.scopeLines.push({ scope, kind: 'TOPUP', micros, ...act });
    return account;
  }

  /** Lets the period begin anew: what was spent stays in the books and counts no more; what is held still counts. Only the first of a period needs nobody else. */
  reset(scope: ScopeKey, act: ScopeAct): Account | undefined {
    const account = this.accounts.get(scopeText(scope));
    if (account === undefined || account.resets > 0) return undefined;
    const micros = account.spent - account.resetBase;
    account.resetBase = account.spent;
    account.resets += 1;
    this.touchedAccounts.add(account);
    this.scopeLines.push({ scope, kind: 'RESET', micros, ...act });
    return account;
  }

  /** The end of the batch: what its changes came to is told. */
  close(): void {
    for (const account of this.touchedAccounts) this.events.push(...tellThresholds(account));
  }

  /** Amount, price book and whether a person is asked are frozen by the first hold; a later round takes the hold into the present period, all or nothing. */
  #again(existing: Reservation, request: ReserveRequest): ReserveOutcome {
    // what is settled holds nothing either: a repeated first round hears so again, a later one would run on no money
    if (existing.state === 'RELEASED' || (existing.state === 'SETTLED' && request.round > 1))
      return refused('RESERVATION_RELEASED');
    if (request.round === 1) {
      // another price book explains another amount, and the hold has frozen both
      const comparable = existing.priceBookVersion === request.priceBookVersion;
      return comparable && existing.amount !== request.amount ? refused('RESERVATION_CONFLICT') : this.#held(existing);
    }
    return sameScopes(existing.scopes, request.scopes) ? this.#held(existing) : this.#move(existing, request);
  }

  #move(existing: Reservation, request: ReserveRequest): ReserveOutcome {
    this.#add(existing, -existing.amount, 0n);
    const refusal = this.#refusal(request.scopes, existing.amount);
    if (refusal !== undefined) {
      existing.state = 'RELEASED';
      this.#line(existing, 'RELEASE', existing.amount);
      return refusal;
    }
    existing.scopes = request.scopes;
    existing.day = this.#day({ ...request, amount: existing.amount }).day;
    this.#add(existing, existing.amount, 0n);
    this.#line(existing, 'MOVE', existing.amount);
    return this.#held(existing);
  }

  #refusal(scopes: readonly ScopeKey[], amount: Micros): Refusal | undefined {
    const standing = this.#standing(scopes);
    for (const scope of scopes) {
      const account = this.accounts.get(scopeText(scope));
      if (account === undefined) return { ok: false, code: 'BUDGET_SCOPE_UNKNOWN', scope, standing };
      const code = refusalOf(account, amount);
      if (code !== undefined) return { ok: false, code, scope, standing };
    }
    return undefined;
  }

  /** On which day an amount counts, and the threshold that the connection comes to exceed with it. */
  #day({ scopes, today, amount, askAbove }: ReserveRequest): Pick<Reservation, 'day' | 'asksAbove'> {
    const scope = scopes.find(({ type }) => type === 'CONNECTION');
    const account = scope && this.accounts.get(scopeText(scope));
    if (account === undefined) return { day: undefined, asksAbove: undefined };
    const day = turnDay(account, today);
    const exceeds = askAbove !== undefined && account.dayMicros + amount > askAbove;
    return { day, asksAbove: exceeds ? askAbove : undefined };
  }

  #add(reservation: Reservation, reserved: Micros, spent: Micros): void {
    if (!this.newReservations.has(reservation)) this.touchedReservations.add(reservation);
    for (const scope of reservation.scopes) {
      const account = this.accounts.get(scopeText(scope));
      if (account === undefined) throw new Error('an account of a reservation was not locked');
      account.reserved += reserved;
      spend(account, spent);
      countOnDay(account, reservation.day, reserved + spent);
      this.touchedAccounts.add(account);
    }
  }

  #held(reservation: Reservation): ReserveOutcome {
    const own = reservation.state === 'HELD' ? reservation.amount : 0n;
    return { ok: true, reservation, standing: this.#standing(reservation.scopes, own) };
  }

  #standing(scopes: readonly ScopeKey[], own: Micros = 0n): readonly Standing[] {
    const accounts = scopes.map((scope) => this.accounts.get(scopeText(scope)));
    return accounts.flatMap((account) => (account === undefined ? [] : [standingOf(account, own)]));
  }

  #store(reservation: Reservation): void {
    this.reservations.set(reservationText(reservation.key, reservation.attempt), reservation);
    this.newReservations.add(reservation);
  }

  #overrun({ key, attempt, scopes }: Reservation, micros: Micros): void {
    const period = scopes[0]?.period ?? '';
    this.events.push({ kind: 'BUDGET_OVERRUN', severity: 'HIGH', key, attempt, period, micros });
  }

  #line({ key, attempt, scopes }: Reservation, kind: AttemptLine['kind'], micros: Micros): void {
    this.lines.push({ key, attempt, kind, micros, period: scopes[0]?.period ?? '' });
  }
}

/** Key of an attempt's reservation as one string. */
export function reservationText({ org, agent, task }: TaskKey, attempt: number): string {
  return `${org}/${agent}/${task}/${attempt}`;
}

function refused(code: ReasonCode): Refusal {
  return { ok: false, code, standing: [] };
}

function tombstone(key: TaskKey, attempt: number): Reservation {
  return {
    key,
    attempt,
    amount: 0n,
    state: 'RELEASED',
    settled: undefined,
    corrected: 0n,
    source: undefined,
    scopes: [],
    priceBookVersion: undefined,
    expiresAt: 0,
    day: undefined,
    asksAbove: undefined,
  };
}

function sameScopes(a: readonly ScopeKey[], b: readonly ScopeKey[]): boolean {
  return a.length === b.length && a.every((scope, i) => b[i] !== undefined && scopeText(scope) === scopeText(b[i]));
}
