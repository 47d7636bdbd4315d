import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Micros } from '@countersign/primitives';
import { committed, scopeText, type Account, type ScopeKey } from './accounts.js';
import { Ledger, reservationText, type LedgerLine, type Reservation, type ReserveRequest } from './ledger.js';

const ORG = 'o';
const PERIODS = ['2026-11', '2026-12'] as const;

const amount = fc.bigInt(0n, 40n);
const attemptOf = { task: fc.constantFrom('t1', 't2', 't3'), attempt: fc.integer({ min: 1, max: 2 }) };
const step = fc.oneof(
  fc.record({
    kind: fc.constant('reserve' as const),
    ...attemptOf,
    amount,
    round: fc.integer({ min: 1, max: 2 }),
    period: fc.constantFrom(...PERIODS),
    replaces: fc.option(fc.record({ attempt: fc.integer({ min: 1, max: 2 }), settle: fc.option(amount) })),
  }),
  fc.record({ kind: fc.constant('settle' as const), ...attemptOf, amount }),
  fc.record({ kind: fc.constant('release' as const), ...attemptOf }),
  fc.record({
    kind: fc.constant('cap' as const),
    of: fc.constantFrom('ORG' as const, 'CONNECTION' as const),
    limit: fc.option(amount),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const scopesOf = (period: string): readonly ScopeKey[] => [
  { org: ORG, type: 'ORG', id: 'o', period },
  { org: ORG, type: 'CONNECTION', id: 'c', period },
];
const sum = (values: Iterable<Micros>): Micros => [...values].reduce((a, b) => a + b, 0n);

/** Runs steps in batches over one organisation's books and looks at every invariant after each step. */
class Books {
  readonly accounts = new Map<string, Account>();
  readonly reservations = new Map<string, Reservation>();
  readonly lines: LedgerLine[] = [];
  readonly #closed = new Map<string, string>();

  constructor() {
    for (const key of PERIODS.flatMap(scopesOf))
      this.accounts.set(scopeText(key), { key, limit: 50n, topup: 3n, reserved: 0n, spent: 0n, resetBase: 0n });
  }

  batch(steps: readonly Step[]): void {
    const ledger = new Ledger(this.accounts, this.reservations);
    for (const one of steps) {
      this.#run(ledger, one);
      this.#check([...this.lines, ...ledger.lines]);
    }
    this.lines.push(...ledger.lines);
  }

  #run(ledger: Ledger, one: Step): void {
    if (one.kind === 'cap') {
      for (const account of this.accounts.values())
        if (account.key.type === one.of) account.limit = one.limit ?? undefined;
      return;
    }
    const key = { org: ORG, agent: 'a', task: one.task };
    if (one.kind === 'reserve') this.#reserve(ledger, key, one);
    else ledger.finish(key, one.attempt, one.kind === 'settle' ? one.amount : undefined, 'REPORTED');
  }

  #reserve(ledger: Ledger, key: ReserveRequest['key'], one: Extract<Step, { kind: 'reserve' }>): void {
    const replaces =
      one.replaces === null || one.replaces.attempt === one.attempt
        ? {}
        : { replaces: { attempt: one.replaces.attempt, settle: one.replaces.settle ?? undefined } };
    const before = new Map([...this.accounts].map(([text, account]) => [text, account.reserved]));
    const { attempt, round } = one;
    // a later round asks for what the first one froze
    const frozen = round === 1 ? undefined : this.reservations.get(reservationText(key, attempt))?.amount;
    const asked = frozen ?? one.amount;
    const request = { key, attempt, round, scopes: scopesOf(one.period), amount: asked, priceBookVersion: 1 };
    const outcome = ledger.reserve({ ...request, expiresAt: 0, ...replaces });
    for (const [text, account] of this.accounts) {
      if (account.limit !== undefined && account.reserved > (before.get(text) ?? 0n))
        expect(committed(account)).toBeLessThanOrEqual(account.limit + account.topup);
    }
    if (outcome.ok && round > 1) expect(outcome.reservation.state).toBe('HELD');
  }

  #check(lines: readonly LedgerLine[]): void {
    const all = [...this.reservations.values()];
    for (const [text, account] of this.accounts) {
      const on = all.filter(({ scopes }) => scopes.some((scope) => scopeText(scope) === text));
      expect(account.reserved).toBe(sum(on.filter(({ state }) => state === 'HELD').map((r) => r.amount)));
      expect(account.spent).toBe(sum(on.map((r) => r.settled ?? 0n)));
      expect(account.reserved >= 0n && account.spent >= 0n).toBe(true);
    }
    for (const reservation of all) this.#checkOne(reservation, lines);
  }

  /** Whatever was reserved is held, released or settled, exactly one of them; and what has ended stays as it is. */
  #checkOne(reservation: Reservation, lines: readonly LedgerLine[]): void {
    const { key, attempt, state, settled, amount: held } = reservation;
    const own = lines.filter((line) => line.key.task === key.task && line.attempt === attempt);
    const of = (kind: LedgerLine['kind']): readonly Micros[] =>
      own.filter((line) => line.kind === kind).map((line) => line.micros);
    const reserved = of('RESERVE');
    if (reserved.length === 0) expect([state, held, own.length]).toEqual(['RELEASED', 0n, 0]);
    else {
      expect(reserved).toEqual([held]);
      expect(of('RELEASE')).toEqual(state === 'RELEASED' ? [held] : []);
      expect(of('SETTLE')).toEqual(state === 'SETTLED' ? [settled] : []);
      expect(of('OVERRUN')).toEqual(settled !== undefined && settled > held ? [settled - held] : []);
    }
    const text = reservationText(key, attempt);
    const now = `${state} ${settled ?? '-'} ${held}`;
    if (state !== 'HELD') expect(this.#closed.get(text) ?? now).toBe(now);
    if (state !== 'HELD') this.#closed.set(text, now);
  }
}

describe('a ledger, whatever comes in whatever order', () => {
  it('adds up, is never negative, never holds beyond a cap, and changes nothing that has ended', () => {
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 8 }), (batches) => {
        const books = new Books();
        for (const batch of batches) books.batch(batch);
      }),
      { numRuns: 100 },
    );
  });

  it('admits no more than the cap in any order of reservations, and turns away nothing that fits', () => {
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 30 }), fc.bigInt(0n, 200n), (amounts, limit) => {
        const [, connection] = scopesOf(PERIODS[0]) as [ScopeKey, ScopeKey];
        const account: Account = { key: connection, limit, topup: 0n, reserved: 0n, spent: 0n, resetBase: 0n };
        const ledger = new Ledger(new Map([[scopeText(connection), account]]), new Map());
        let held = 0n;
        amounts.forEach((one, i) => {
          const key = { org: ORG, agent: 'a', task: String(i) };
          const request = { key, attempt: 1, round: 1, scopes: [connection], amount: one, priceBookVersion: 1 };
          const fits = held < limit && held + one <= limit;
          expect(ledger.reserve({ ...request, expiresAt: 0 }).ok).toBe(fits);
          if (fits) held += one;
        });
        expect(account.reserved).toBe(held);
      }),
      { numRuns: 100 },
    );
  });
});
