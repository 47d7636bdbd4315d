import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Micros } from '@countersign/primitives';
import { ceilingOf, committed, emptyAccount, scopeText, type Account, type ScopeKey } from './accounts.js';
import { Ledger, reservationText, type ReserveRequest } from './ledger.js';
import type { AttemptLine, Reservation, ScopeLine } from './model.js';

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
  fc.record({ kind: fc.constant('correct' as const), ...attemptOf, amount }),
  fc.record({
    kind: fc.constant('cap' as const),
    of: fc.constantFrom('ORG' as const, 'CONNECTION' as const),
    period: fc.constantFrom(...PERIODS),
    version: fc.integer({ min: 0, max: 30 }),
  }),
  fc.record({ kind: fc.constant('topup' as const), period: fc.constantFrom(...PERIODS), amount }),
  fc.record({ kind: fc.constant('reset' as const), period: fc.constantFrom(...PERIODS) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const scopesOf = (period: string): readonly ScopeKey[] => [
  { org: ORG, type: 'ORG', id: 'o', period },
  { org: ORG, type: 'CONNECTION', id: 'c', period },
];
/** What the versions of a policy say; the newest that was told is in force. */
const capOf = (version: number): Micros | undefined => (version % 5 === 4 ? undefined : BigInt((version * 37) % 90));
const sum = (values: Iterable<Micros>): Micros => [...values].reduce((a, b) => a + b, 0n);

/** Runs steps in batches over one organisation's books and looks at every invariant after each step. */
class Books {
  readonly accounts = new Map<string, Account>();
  readonly reservations = new Map<string, Reservation>();
  readonly lines: AttemptLine[] = [];
  readonly scopeLines: ScopeLine[] = [];
  readonly #versions = new Map<string, number>();
  readonly #closed = new Map<string, string>();

  constructor() {
    for (const key of PERIODS.flatMap(scopesOf)) this.accounts.set(scopeText(key), emptyAccount(key));
  }

  batch(steps: readonly Step[]): void {
    const ledger = new Ledger(this.accounts, this.reservations);
    for (const one of steps) {
      this.#run(ledger, one);
      this.#check([...this.lines, ...ledger.lines], [...this.scopeLines, ...ledger.scopeLines]);
    }
    ledger.close();
    this.lines.push(...ledger.lines);
    this.scopeLines.push(...ledger.scopeLines);
  }

  #run(ledger: Ledger, one: Step): void {
    if (one.kind === 'cap' || one.kind === 'topup' || one.kind === 'reset') return this.#onScope(ledger, one);
    const key = { org: ORG, agent: 'a', task: one.task };
    if (one.kind === 'reserve') this.#reserve(ledger, key, one);
    else if (one.kind === 'correct') ledger.correct(key, one.attempt, one.amount);
    else ledger.finish(key, one.attempt, one.kind === 'settle' ? one.amount : undefined, 'REPORTED');
  }

  #onScope(ledger: Ledger, one: Extract<Step, { kind: 'cap' | 'topup' | 'reset' }>): void {
    const [organization, connection] = scopesOf(one.period) as [ScopeKey, ScopeKey];
    if (one.kind === 'topup') ledger.topUp(connection, one.amount, { actor: 'o' });
    else if (one.kind === 'reset') ledger.reset(connection, { actor: 'o' });
    else {
      const scope = one.of === 'ORG' ? organization : connection;
      ledger.follow(scope, { policy: { version: one.version, micros: capOf(one.version) } });
      const newest = Math.max(this.#versions.get(scopeText(scope)) ?? 0, one.version);
      this.#versions.set(scopeText(scope), newest);
      expect(this.accounts.get(scopeText(scope))?.limit).toBe(capOf(newest));
    }
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
    const outcome = ledger.reserve({ ...request, expiresAt: 0, today: `${one.period}-0${attempt}`, ...replaces });
    for (const [text, account] of this.accounts) {
      if (account.limit !== undefined && account.reserved > (before.get(text) ?? 0n))
        expect(committed(account)).toBeLessThanOrEqual(ceilingOf(account) ?? 0n);
    }
    if (outcome.ok && round > 1) expect(outcome.reservation.state).toBe('HELD');
  }

  #check(lines: readonly AttemptLine[], scopeLines: readonly ScopeLine[]): void {
    const all = [...this.reservations.values()];
    for (const [text, account] of this.accounts) {
      const on = all.filter(({ scopes }) => scopes.some((scope) => scopeText(scope) === text));
      expect(account.reserved).toBe(sum(on.filter(({ state }) => state === 'HELD').map((r) => r.amount)));
      expect(account.spent).toBe(sum(on.map((r) => (r.settled ?? 0n) + r.corrected)));
      const today = on.filter(({ day }) => day === account.day);
      if (account.key.type === 'CONNECTION' && account.day !== undefined)
        expect(account.dayMicros).toBe(sum(today.map(committedOf)));
      this.#checkScope(
        account,
        scopeLines.filter(({ scope }) => scopeText(scope) === text),
      );
      expect(account.reserved >= 0n && account.spent >= 0n).toBe(true);
    }
    for (const reservation of all) this.#checkOne(reservation, lines);
  }

  /** Top-ups, resets and the limit are what their lines come to. */
  #checkScope(account: Account, lines: readonly ScopeLine[]): void {
    const of = (kind: ScopeLine['kind']): readonly (Micros | undefined)[] =>
      lines.filter((line) => line.kind === kind).map((line) => line.micros);
    expect(account.topup).toBe(sum(of('TOPUP').map((micros) => micros ?? 0n)));
    expect(account.resetBase).toBe(sum(of('RESET').map((micros) => micros ?? 0n)));
    expect(account.limit).toBe(of('LIMIT_CHANGE').at(-1));
    expect(account.resets).toBe(of('RESET').length);
  }

  /** Whatever was reserved is held, released or settled, exactly one of them; and what has ended stays as it is. */
  #checkOne(reservation: Reservation, lines: readonly AttemptLine[]): void {
    const { key, attempt, state, settled, amount: held } = reservation;
    const own = lines.filter((line) => line.key.task === key.task && line.attempt === attempt);
    const of = (kind: AttemptLine['kind']): readonly Micros[] =>
      own.filter((line) => line.kind === kind).map((line) => line.micros);
    const reserved = of('RESERVE');
    if (reserved.length === 0) expect([state, held, own.length]).toEqual(['RELEASED', 0n, 0]);
    else {
      expect(reserved).toEqual([held]);
      expect(of('RELEASE')).toEqual(state === 'RELEASED' ? [held] : []);
      expect(of('SETTLE')).toEqual(state === 'SETTLED' ? [settled] : []);
      expect(sum(of('CORRECTION'))).toBe(reservation.corrected);
      expect(of('OVERRUN')).toEqual(settled !== undefined && settled > held ? [settled - held] : []);
    }
    const text = reservationText(key, attempt);
    const now = `${state} ${settled ?? '-'} ${held}`;
    if (state !== 'HELD') expect(this.#closed.get(text) ?? now).toBe(now);
    if (state !== 'HELD') this.#closed.set(text, now);
  }
}

const committedOf = ({ state, amount: held, settled, corrected }: Reservation): Micros =>
  state === 'HELD' ? held : (settled ?? 0n) + corrected;

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
        const account = emptyAccount(connection, limit);
        const ledger = new Ledger(new Map([[scopeText(connection), account]]), new Map());
        let held = 0n;
        amounts.forEach((one, i) => {
          const key = { org: ORG, agent: 'a', task: String(i) };
          const request = { key, attempt: 1, round: 1, scopes: [connection], amount: one, priceBookVersion: 1 };
          const fits = held < limit && held + one <= limit;
          expect(ledger.reserve({ ...request, expiresAt: 0, today: '2026-11-01' }).ok).toBe(fits);
          if (fits) held += one;
        });
        expect(account.reserved).toBe(held);
      }),
      { numRuns: 100 },
    );
  });
});
